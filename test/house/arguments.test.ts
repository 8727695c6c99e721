/**
 * Whatever a caller without types passes, a public function answers with a result or with an error that the caller can mend,
 * never with one of the engine (`Cannot read properties of undefined`). The functions come from the compiler, a valid call of
 * each from calls.ts; every argument and every part of one is then replaced, one at a time. Options refuse unknown names.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { isFewbitError } from '../../src/index.js';
import { calls, type Call } from './calls.js';
import { entries, openProgram, publicFunctions, type PublicFunction } from './public-api.js';

/** Entries for programs. Those for the parts of Fewbit (numerics, plan, hardware, experiment) are not covered but by calls.ts. */
const PROGRAMS = [
  'fewbit',
  'fewbit/nn',
  'fewbit/optim',
  'fewbit/data',
  'fewbit/train',
  'fewbit/data/node',
  'fewbit/export',
];

/** Notes of what is left out: made by the readers of data. */
const NOTES = /^(noteText|noteLabels|NoteBook#add)$/;

/** Called by `fit`, not by users. */
const HOOKS = /#(onFitStart|onFitEnd|onEpochStart|onEpochEnd|iterationDone|onPrecisionChange)$/;
/** Errors are made by the library; members behind `#` cannot be reached. */
const NO_CALLERS = /Error(\.|$)|##/;

const WRONG: readonly unknown[] = [
  ...[undefined, null, true, NaN, Infinity, -1, 3, 0.5, 10n, '', 'x'],
  ...[{}, [], [1], ['x'], [null], new Date(0), new Map(), (): void => undefined],
  ...[
    new Uint8Array(3),
    new Int32Array(3),
    new Float64Array(3),
    new BigInt64Array(2),
    new DataView(new ArrayBuffer(8)),
  ],
];

function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Array.isArray(value) ? `[${value.map(String).join()}]` : '';
  return `${value.constructor.name}${parts}`;
}

/** A copy with another element at `index`. */
function replaced(args: readonly unknown[], index: number, value: unknown): readonly unknown[] {
  return args.map((arg, i) => (i === index ? value : arg));
}

const modules = entries();
let functions: PublicFunction[] = [];
let known: ReadonlyMap<string, Call>;
beforeAll(async () => {
  functions = publicFunctions(openProgram([...modules.values()]), modules).filter(
    ({ name, parameters }) =>
      parameters.length > 0 && !HOOKS.test(name) && !NOTES.test(name) && !NO_CALLERS.test(name),
  );
  known = await calls();
}, 120_000);

/** What is wrong with the answer to a call; null for a result or an error that the caller can mend. */
async function problemOf({ call }: Call, args: readonly unknown[], what: string): Promise<string[]> {
  try {
    await call(...args);
    return [];
  } catch (error) {
    return isFewbitError(error) ? [] : [`${what}: ${String(error)}`];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The arguments with one of them, or one part of one, replaced by each wrong value. */
function* wrongCalls(name: string, { args, opaque = [] }: Call): Generator<[readonly unknown[], string]> {
  for (const [i, arg] of args.entries()) {
    for (const value of WRONG) yield [replaced(args, i, value), `${name}, argument ${i + 1}: ${text(value)}`];
    if (!isRecord(arg) || opaque.includes(i)) continue;
    for (const key of Object.keys(arg)) {
      for (const value of WRONG) {
        yield [
          replaced(args, i, { ...arg, [key]: value }),
          `${name}, argument ${i + 1}: { ${key}: ${text(value)} }`,
        ];
      }
    }
  }
  yield [[], `${name}, no arguments`];
}

test('every function for programs has a call in calls.ts', () => {
  const needed = functions.filter(({ entry }) => PROGRAMS.includes(entry));
  expect(needed.length).toBeGreaterThan(100);
  expect(needed.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
});

test('the calls work as they are', async () => {
  const broken: string[] = [];
  for (const [name, one] of known) {
    // Nothing is fetched here.
    if (/^(getNamed|verifyNamed)$/.test(name)) continue;
    try {
      await one.call(...one.args);
    } catch (error) {
      broken.push(`${name}: ${String(error)}`);
    }
  }
  expect(broken).toEqual([]);
});

describe('an option that does not exist', () => {
  test('is refused with its name and a way out, by every function that takes options', async () => {
    const accepted: string[] = [];
    for (const { name, parameters } of functions) {
      const one = known.get(name);
      for (const [i, { isOptions }] of parameters.entries()) {
        const options = one?.args[i];
        if (!one || !isOptions || !isRecord(options)) continue;
        const [first = 'option'] = Object.keys(options);
        const misspelt = `${first.slice(0, -1)}${first.at(-1) ?? ''}x`;
        try {
          await one.call(...replaced(one.args, i, { ...options, [misspelt]: 1 }));
          accepted.push(name);
        } catch (error) {
          const isClear = isFewbitError(error) && error.message.includes(misspelt);
          if (!isClear) accepted.push(`${name}: ${String(error)}`);
        }
      }
    }
    expect(accepted).toEqual([]);
  });
});

test('a wrong argument gets a result or an error that the caller can mend', async () => {
  const problems: string[] = [];
  for (const [name, one] of known) {
    for (const [args, what] of wrongCalls(name, one)) problems.push(...(await problemOf(one, args, what)));
  }
  expect(problems).toEqual([]);
}, 300_000);
