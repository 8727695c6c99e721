/** Format groups against the plans of whole networks, proposals, and the search against error functions whose answer is known. */
import { describe, expect, it } from 'vitest';
import {
  bitTotals,
  formatGroups,
  narrowFormats,
  withGroupFormats,
  type FormatGroup,
  type GroupFormats,
  type RangeAnalysis,
  type Trial,
} from '../../src/experiment/index.js';
import { proposalReason, proposeFormats } from '../../src/experiment/formats/format-proposal.js';
import { withFittingBiases } from '../../src/experiment/formats/format-groups.js';
import { defineNetwork, zoo, ZOO_NAMES, type NetworkConfiguration } from '../../src/nn/index.js';
import { formatText, wordLength, type Format } from '../../src/numerics/index.js';
import { elements, opReads, opWrites } from '../../src/plan/index.js';
import { CONFIGURATION } from './support.js';

const networks: readonly (readonly [string, NetworkConfiguration])[] = [
  ...ZOO_NAMES.map((name) => [name, zoo[name]({ seed: 1 })] as const),
  [
    'one with nameless layers, dropout, pools and its own formats',
    {
      ...CONFIGURATION.network,
      layers: [
        { type: 'conv2d', channels: 2, kernel: 3, formats: '<3,9>' },
        { type: 'relu' },
        { type: 'averagePool', kernel: 2, formats: { activation: '<5,9>' } },
        { type: 'maxPool', kernel: 2 },
        { type: 'dropout', rate: 0.5 },
        { type: 'flatten' },
        { type: 'dense', units: 4, bias: false, activation: 'relu' },
        { type: 'dense', units: 10, formats: { error: '<2,9>' } },
      ],
    },
  ],
];

describe.each(networks)('the groups of %s', (_, network) => {
  const batch = 4;
  const groups = formatGroups(defineNetwork(network), batch);

  it('have each tensor of a training step with a role once, and set its format', () => {
    // Formats that tell the groups apart, all of 14 bits.
    const formats: GroupFormats = new Map(
      groups.map(({ name }, i): [string, Format] => [name, { il: 2 + (i % 6), fl: 12 - (i % 6) }]),
    );
    const changed = withGroupFormats(network, groups, formats);
    const plan = defineNetwork(changed).plan(batch);
    const used = new Set(plan.train.flatMap((op) => [...opReads(op), ...opWrites(op)]));
    const roles = ['weight', 'bias', 'activation', 'error', 'gradient', 'update'];
    const expected = plan.tensors.filter(({ id, role }) => used.has(id) && roles.includes(role));
    expect(groups.flatMap(({ tensors }) => tensors).sort()).toEqual(expected.map(({ name }) => name).sort());
    for (const group of groups) {
      const own = expected.filter(({ name }) => group.tensors.includes(name));
      for (const { format } of own) {
        expect(formatText(format!)).toBe(formatText(formats.get(group.name)!));
      }
    }
    // Setting it again changes nothing, and everything else stays.
    expect(withGroupFormats(changed, groups, formats)).toEqual(changed);
    const bare = (text: unknown): string =>
      JSON.stringify(text, (key, value: unknown) => (key === 'formats' ? undefined : value));
    expect(bare(changed)).toBe(bare(network));
  });

  it('store every element but those that a ReLU writes', () => {
    const plan = defineNetwork(network).plan(batch);
    const relus = plan.train.flatMap((op) =>
      op.kind === 'relu' || op.kind === 'reluGradient' ? opWrites(op) : [],
    );
    const tensors = groups.flatMap((group) => group.tensors);
    const stored = plan.tensors.filter(({ id, name }) => tensors.includes(name) && !relus.includes(id));
    const uniform = new Map(groups.map(({ name }) => [name, { il: 3, fl: 7 }]));
    expect(bitTotals(groups, uniform).stored).toBe(
      10 * stored.reduce((sum, { shape }) => sum + elements(shape), 0),
    );
    const moved = plan.train
      .flatMap((op) => [...opReads(op), ...opWrites(op)])
      .map((id) => plan.tensors[id]!)
      .filter(({ name }) => tensors.includes(name));
    expect(bitTotals(groups, uniform).moved).toBe(
      10 * moved.reduce((sum, { shape }) => sum + elements(shape), 0),
    );
  });
});

const GROUPS = formatGroups(defineNetwork(zoo.lenet({ seed: 1 })), 100);

describe('a proposal', () => {
  const ranges = {
    tensors: GROUPS.flatMap((group) =>
      group.tensors.map((name) => ({
        name,
        bins: name === 'fc2/bias' ? [] : [{ exponent: name.startsWith('conv1') ? -5 : 0, count: 1 }],
      })),
    ),
  } as unknown as RangeAnalysis;

  it('has the integer bits of the largest magnitude and of the headroom, and all bits', () => {
    const proposal = proposeFormats(GROUPS, ranges, { bits: 12, headroom: 1 });
    const of = (name: string) => proposal.find(({ group }) => group.name === name)!;
    expect(proposal.every(({ format }) => wordLength(format) === 12)).toBe(true);
    // pool1 takes over the format of conv1, whose values are as small as its name suggests.
    expect(of('conv1 weight')).toMatchObject({ format: { il: -2, fl: 14 }, largest: -5 });
    expect(of('conv1 activation')).toMatchObject({ format: { il: 3, fl: 9 }, largest: 0 });
    expect(of('input activation')).toMatchObject({ format: { il: 2, fl: 10 }, headroom: 0 });
    expect(of('fc2 bias')).toMatchObject({ format: { il: 1, fl: 11 }, largest: null });
    expect(proposalReason(of('conv1 weight'))).toBe(
      'largest 2^-5, so IL -3, and 1 of headroom; FL 14 is left',
    );
    expect(proposalReason(of('input activation'))).toBe('largest 2^0, so IL 2; FL 10 is left');
    expect(proposalReason(of('fc2 bias'))).toBe('always zero: IL 1, FL 11');
  });
});

/** A search in which a trial's error is `above` points over that of float32. */
async function search(
  above: (formats: GroupFormats) => number,
  { trials = 1000, seeds = 1, isPossible = () => true }: Partial<Search> = {},
): Promise<{ trials: Trial[]; last: GroupFormats }> {
  const proposal = GROUPS.map((group) => ({ group, format: { il: 4, fl: 12 }, largest: 1, headroom: 1 }));
  const float32 = Array.from({ length: seeds }, () => 1);
  const done = await narrowFormats({
    ...{ proposal, budget: 0.3, trials, isPossible },
    run: (formats) =>
      Promise.resolve({ errors: float32.map((error) => error + above(formats)), float32, complete: true }),
  });
  return { trials: done, last: done.filter(({ kept }) => kept).at(-1)?.formats ?? new Map() };
}

interface Search {
  readonly trials: number;
  readonly seeds: number;
  readonly isPossible: (formats: GroupFormats) => boolean;
}

const fl = (formats: GroupFormats, { name }: FormatGroup): number => formats.get(name)!.fl;
const il = (formats: GroupFormats, { name }: FormatGroup): number => formats.get(name)!.il;

describe('a bias', () => {
  const product = GROUPS.find(({ name }) => name === 'fc1 bias')!.product;

  it('is cut to the fraction bits of its product, so that other formats can get narrower', () => {
    // fc1 reads what pool2 leaves of conv2.
    expect(product).toEqual(['conv2 activation', 'fc1 weight']);
    const formats = (activation: number): GroupFormats =>
      new Map(
        GROUPS.map(({ name, role }): [string, Format] => [
          name,
          role === 'activation' ? { il: 6, fl: activation } : { il: 4, fl: 3 },
        ]),
      ).set('fc1 bias', { il: 1, fl: 15 });
    for (const [activation, expected] of [
      [13, { il: 1, fl: 15 }],
      [12, { il: 1, fl: 15 }],
      [11, { il: 1, fl: 14 }],
      [0, { il: 1, fl: 3 }],
      [-3, { il: 2, fl: 0 }],
    ] as const) {
      const fitting = withFittingBiases(GROUPS, formats(activation));
      expect(fitting.get('fc1 bias')).toEqual(expected);
      const network = withGroupFormats(zoo.lenet({ seed: 1 }), GROUPS, fitting);
      expect(() => defineNetwork(network).plan(100)).not.toThrow();
    }
  });
});

describe('a search', () => {
  /** What each group needs is known: below it the error is hopeless. */
  const need = (group: FormatGroup): number => 3 + (GROUPS.indexOf(group) % 5);
  const cliff = (formats: GroupFormats): number =>
    GROUPS.some((group) => fl(formats, group) < need(group) || il(formats, group) < 4) ? 50 : 0;

  it('finds the needs of every group, if finding them is worth a trial', async () => {
    const { trials, last } = await search(cliff);
    const total = GROUPS.reduce((sum, { elements: count }) => sum + count, 0);
    for (const group of GROUPS) {
      const role = GROUPS.filter((one) => one.role === group.role);
      const common = Math.max(...role.map(need));
      const stored = role.reduce((sum, { elements: count }) => sum + count, 0);
      if (stored * 14 < 0.001 * 16 * total) {
        const [lhs, rhs] = (group.product ?? []).map((name) => last.get(name)!.fl);
        const most = lhs === undefined ? 12 : Math.min(12, lhs + rhs!);
        expect([group.name, fl(last, group)]).toEqual([group.name, most]);
      } else if (group.elements > 0.001 * 16 * total) {
        expect([group.name, fl(last, group)]).toEqual([group.name, need(group)]);
      } else {
        expect(fl(last, group)).toBeLessThanOrEqual(common);
        expect(fl(last, group)).toBeGreaterThanOrEqual(need(group));
      }
      expect(il(last, group)).toBe(4);
    }
    const texts = trials.map(({ formats }) => JSON.stringify([...formats]));
    expect(new Set(texts).size).toBe(texts.length);
    expect(trials.map(({ number }) => number)).toEqual(trials.map((_, i) => i));
    expect(trials[1]).toMatchObject({ what: 'all activation: FL -7', allowed: 0.15 });
    for (const { kept, difference, allowed } of trials) expect(kept).toBe(difference <= allowed);
  });

  it('is the same again, and one with fewer trials is the beginning of it', async () => {
    const whole = await search(cliff);
    expect(await search(cliff)).toEqual(whole);
    const short = await search(cliff, { trials: 7 });
    expect(short.trials).toEqual(whole.trials.slice(0, 7));
  });

  it('takes integer bits, but no more than there is headroom', async () => {
    const { last, trials } = await search((formats) =>
      GROUPS.some((group) => fl(formats, group) < 12 || il(formats, group) < 3) ? 50 : 0,
    );
    const conv1 = GROUPS.find(({ name }) => name === 'conv1 activation')!;
    expect(last.get(conv1.name)).toEqual({ il: 3, fl: 12 });
    expect(trials.filter(({ what }) => what.startsWith('conv1 activation: IL'))).toHaveLength(1);
    // 2 bits of the fraction were put back, then 1; neither is tried again.
    expect(trials.filter(({ what }) => what.startsWith('conv1 activation: FL'))).toMatchObject([
      { what: 'conv1 activation: FL -2', kept: false },
      { what: 'conv1 activation: FL -1', kept: false },
    ]);
  });

  it('ends with the proposal if that is not within the budget', async () => {
    const { trials, last } = await search(() => 0.31);
    expect(trials).toMatchObject([{ what: 'proposal', kept: false }]);
    expect(last.size).toBe(0);
  });

  it('goes down to two bits if nothing is lost, and not below', async () => {
    const { last } = await search(() => 0);
    const lengths = GROUPS.map(({ name }) => wordLength(last.get(name)!));
    expect(Math.min(...lengths)).toBe(2);
    expect(last.get('conv1 activation')).toSatisfy((format: Format) => wordLength(format) === 2);
  });

  it('spends no trial on formats that no plan can have', async () => {
    const isPossible = (formats: GroupFormats): boolean => GROUPS.every((group) => fl(formats, group) >= 9);
    const { trials } = await search(() => 0, { isPossible });
    expect(trials.length).toBeGreaterThan(5);
    expect(trials.every(({ formats }) => isPossible(formats))).toBe(true);
  });

  it('takes the mean over the seeds, and keeps nothing that was given up', async () => {
    const proposal = GROUPS.map((group) => ({ group, format: { il: 4, fl: 12 }, largest: 1, headroom: 1 }));
    const [trial] = await narrowFormats({
      ...{ proposal, budget: 0.3, trials: 1, isPossible: () => true },
      run: () => Promise.resolve({ errors: [1, 2.5], float32: [1.25, 1.75], complete: true }),
    });
    expect(trial).toMatchObject({ difference: 0.25, kept: true });
    const [hopeless] = await narrowFormats({
      ...{ proposal, budget: 0.3, trials: 1, isPossible: () => true },
      run: () => Promise.resolve({ errors: [1], float32: [1, 1], complete: false }),
    });
    expect(hopeless).toMatchObject({ difference: 0, kept: false });
  });
});
