/**
 * Groups of 16 parameters that rest in a step of SGD, which ask for no random words (assembly/op/sgd-narrow.ts), beside moving
 * ones: what moves them, what is counted of them, and what is put back where something saturates.
 */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import type { Coefficients, TensorData } from '../../src/backend/contract.js';
import { parseFormat, parseRounding, type Overflow } from '../../src/numerics/index.js';
import { PlanBuilder, type Plan } from '../../src/plan/index.js';
import { generator, typedArray } from '../contract/data.js';
import { OVERFLOWS, pick, ROUNDINGS } from '../contract/tables.js';
import { noise } from './support/convolutions.js';
import { expectAlike, type Contents, type Step } from './support/sessions.js';

const ONE = 2 ** 30;
/** Nothing decays; all decays; momentum alone; steps too small to be seen but by chance; as large as they may be. */
const COEFFICIENTS: readonly Coefficients[] = [
  { momentum: Math.round(0.9 * ONE), rate: Math.round(0.01 * ONE), decay: 0 },
  { momentum: Math.round(0.9 * ONE), rate: Math.round(0.05 * ONE), decay: Math.round(0.0005 * ONE) },
  { momentum: Math.round(0.5 * ONE), rate: 0, decay: 0 },
  { momentum: 0, rate: 1, decay: 1 },
  { momentum: Math.round(0.99 * ONE), rate: Math.round(0.7 * ONE), decay: 0 },
];

type Values = (i: number) => number;

interface Parameters {
  readonly size: number;
  readonly formats?: readonly [parameter: string, gradient: string, update: string];
  readonly group?: number;
  readonly decays?: boolean;
  readonly roundings?: readonly [update: string, parameter: string];
  readonly overflow?: readonly [update: Overflow, parameter: Overflow];
  readonly w: Values;
  readonly g: Values;
  readonly u: Values;
}

function buildSteps(all: readonly Parameters[]): { readonly plan: Plan; readonly data: Contents } {
  const builder = new PlanBuilder({ name: 'zeros', arithmetic: 'fixed', batch: 1 });
  const data = new Map<string, TensorData>();
  all.forEach((p, i) => {
    const { formats = ['<2,14>', '<2,14>', '<2,14>'], roundings = ['stochastic', 'floor'] } = p;
    const { overflow = ['saturate', 'saturate'], group = 0, decays = false } = p;
    const tensor = (
      letter: 'w' | 'g' | 'u',
      role: 'weight' | 'gradient' | 'update',
      format: string,
    ): number => {
      const name = `${String(i)} ${letter}`;
      const id = builder.tensor({
        name,
        shape: [p.size],
        batched: false,
        role,
        format: parseFormat(format),
        persistent: true,
      });
      data.set(
        name,
        typedArray(
          builder.get(id).storage,
          Array.from({ length: p.size }, (_, at) => p[letter](at)),
        ),
      );
      return id;
    };
    builder.layer(String(i)).sgd({
      parameter: tensor('w', 'weight', formats[0]),
      gradient: tensor('g', 'gradient', formats[1]),
      update: tensor('u', 'update', formats[2]),
      ...{ group, decays },
      updateSettings: { rounding: parseRounding(roundings[0]), overflow: overflow[0] },
      parameterSettings: { rounding: parseRounding(roundings[1]), overflow: overflow[1] },
    });
  });
  return { plan: builder.finish({ groups: COEFFICIENTS.length }), data };
}

/** Three steps of each, so that elements that moved in one continue in the next. */
async function expectSteps(
  all: readonly Parameters[],
  threads: readonly number[] = [1, 2, 3],
): Promise<void> {
  const { plan, data } = buildSteps(all);
  await expectAlike(plan, [{ data }, {}, {}], { threads, coefficients: COEFFICIENTS });
}

/** Noise in the groups of 16 that `moves` names, 0 in the others. */
function groupsOf(moves: (group: number) => boolean, most: number, name = 'groups'): Values {
  const value = noise(most, name);
  return (i) => (moves(i >> 4) ? value() : 0);
}

const none: Values = () => 0;

describe('parameters that rest', () => {
  test('one element that moves, in each place, by each operand', async () => {
    const size = 80;
    const { plan, data } = buildSteps([
      { size, w: none, g: none, u: none },
      { size, w: noise(20000), g: none, u: none },
      { size, w: none, g: none, u: none, group: 1, decays: true },
      { size, w: none, g: none, u: none, group: 3, decays: true },
      { size, w: noise(5), g: none, u: none, roundings: ['floor', 'floor'] },
    ]);
    const lone = (at: number, value: number): Int16Array =>
      Int16Array.from({ length: size }, (_, i) => (i === at ? value : 0));
    const steps = Array.from({ length: size }, (_, at) =>
      [0, 1, 2].map((turn): Step => {
        const value = [7, -1, -9000][(at + turn) % 3]!;
        const all = [0, 1, 2, 3, 4].flatMap((i) => [
          [`${String(i)} g`, lone(turn === 0 ? at : -1, value)] as const,
          [`${String(i)} u`, lone(turn === 1 ? at : -1, value)] as const,
          ...(i === 2 || i === 3 ? [[`${String(i)} w`, lone(turn === 2 ? at : -1, value)] as const] : []),
        ]);
        return { data: new Map([...(at + turn === 0 ? data : []), ...all]) };
      }),
    ).flat();
    await expectAlike(plan, steps, { coefficients: COEFFICIENTS });
  });

  test('sizes around groups and runs', async () => {
    const sizes = [
      1, 15, 16, 17, 31, 32, 33, 47, 48, 63, 65, 1008, 1023, 1024, 1025, 1040, 1041, 2047, 2048, 2063, 3100,
    ];
    const patterns: readonly ((group: number) => boolean)[] = [
      () => true,
      () => false,
      (group) => group % 2 === 0,
      (group) => group % 2 === 1,
      (group) => group % 64 === 63,
      (group) => group % 64 === 0,
      (group) => group > 63 && group < 128,
      (group) => generator(String(group))() % 10 === 0,
    ];
    const all = sizes.flatMap((size, i) =>
      patterns.map((moves, j): Parameters => {
        const w = j % 3 === 0 ? groupsOf(moves, 12000, 'w') : noise(12000, 'w');
        const [g, u] = [
          groupsOf(moves, 3000, 'g'),
          groupsOf((group) => j % 2 === 0 && moves(group), 500, 'u'),
        ];
        return { size, w, g, u, group: (i + j) % 4, decays: (i + j) % 3 === 0 };
      }),
    );
    await expectSteps(all);
  });

  test('counts the largest parameter, resting or moved', async () => {
    const all = [32767, -32768, 20000, -20000].flatMap((peak) =>
      [0, 15, 16, 40, 1023, 1024, 1060].flatMap((at) =>
        [false, true].map((moves): Parameters => {
          // If it moves, it comes nearer to 0, so the largest counted magnitude is the new one.
          const w: Values = (i) => (i === at ? peak : (i % 21) - 10);
          const g: Values = (i) => (moves && i === at ? Math.sign(peak) * 30000 : i >> 4 === 3 ? 50 : 0);
          return { size: 1100, w, g, u: none };
        }),
      ),
    );
    await expectSteps(all);
  });

  test('one group saturates among resting ones', async () => {
    const places = [0, 1, 30, 63, 64, 66];
    const all = places.flatMap((group) =>
      [1, -1].flatMap((sign) =>
        (['<2,14>', '<2,6>', '<4,8>'] as const).flatMap((format, f) => {
          const most = 2 ** (pick([16, 8, 12], f) - 1) - 1;
          const formats = [format, format, format] as const;
          const own =
            (value: number, others: Values): Values =>
            (i) =>
              i === 16 * group + 5 ? sign * value : others(i);
          const others = groupsOf((at) => at % 5 === 1, most >> 3, `others ${String(group)}`);
          const common = { size: 1090, formats, group: 4 } as const;
          return [
            // Updates, then parameters; there and back; and both in steps to come.
            { ...common, w: noise(most >> 2, 'w'), g: own(-most, others), u: own(most, others) },
            { ...common, w: own(most, noise(most >> 2, 'w')), g: none, u: own(most >> 2, others) },
            {
              ...common,
              w: own(-most - sign, noise(most >> 2, 'w')),
              g: others,
              u: own(-(most >> 1), others),
            },
            { ...common, w: own(most - 3, none), g: own(-(most >> 2), none), u: none },
          ];
        }),
      ),
    );
    await expectSteps(all);
  });

  test('all roundings, both overflows, formats apart', async () => {
    const mixes = [
      ['<2,14>', '<2,14>', '<2,14>'],
      ['<2,6>', '<2,6>', '<2,6>'],
      ['<4,12>', '<2,14>', '<2,14>'],
      ['<2,14>', '<4,12>', '<4,12>'],
      ['<2,10>', '<6,10>', '<-2,10>'],
      ['<6,14>', '<2,14>', '<2,14>'],
    ] as const;
    const bits = (format: string): number => parseFormat(format).il + parseFormat(format).fl;
    const all = ROUNDINGS.flatMap((rounding, i) =>
      mixes.flatMap((formats, j) =>
        [0, 1, 2, 3].map((turn): Parameters => {
          const name = `${rounding} ${formats.join(' ')} ${String(turn)}`;
          const moves = (group: number): boolean => (group + turn) % 3 === 0;
          const most = (x: 0 | 1 | 2): number => 2 ** (bits(formats[x]) - 1) - 1;
          const w = turn === 0 ? groupsOf(moves, most(0), name) : noise(most(0) >> (turn - 1), name);
          return {
            ...{
              size: pick([100, 1056, 49], i + j + turn),
              formats,
              group: (i + j + turn) % 5,
              decays: turn % 2 === 1,
            },
            ...{
              w,
              g: groupsOf(moves, most(1) >> turn, `${name} g`),
              u: groupsOf(moves, most(2) >> turn, `${name} u`),
            },
            roundings: [rounding, pick(ROUNDINGS, i + turn)],
            overflow: [pick(OVERFLOWS, turn), pick(OVERFLOWS, turn >> 1)],
          };
        }),
      ),
    );
    await expectSteps(all);
  });

  test('any groups, any coefficients', async () => {
    const bits = fc.integer({ min: 0, max: 15 });
    const share = fc.constantFrom(0, 10, 50, 100);
    const parameters = fc.record({
      size: fc.integer({ min: 1, max: 2200 }),
      most: fc.tuple(bits, bits, bits),
      shares: fc.tuple(share, share, share, share),
      group: fc.integer({ min: 0, max: 4 }),
      decays: fc.boolean(),
      wraps: fc.boolean(),
      name: fc.string({ maxLength: 3 }),
    });
    const run = async (
      drawn: (typeof parameters extends fc.Arbitrary<infer T> ? T : never)[],
      threads: number,
    ): Promise<void> => {
      const all = drawn.map(({ most, shares, wraps, name, ...rest }): Parameters => {
        const values = (x: 0 | 1 | 2): Values => {
          const value = noise(2 ** most[x] - 1, `${name} ${String(x)}`);
          const pass = (at: string, percent: number): boolean => generator(`${name} ${at}`)() % 100 < percent;
          // Whole groups, and elements of them.
          return (i) =>
            pass(`${String(x)} ${String(i >> 4)}`, shares[x]) && pass(`+ ${String(i)}`, shares[3])
              ? value()
              : 0;
        };
        const overflow = wraps ? (['saturate', 'wrap'] as const) : (['saturate', 'saturate'] as const);
        return { ...rest, overflow, w: values(0), g: values(1), u: values(2) };
      });
      await expectSteps(all, [threads]);
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(parameters, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        run,
      ),
      { numRuns: 30 },
    );
  });
});
