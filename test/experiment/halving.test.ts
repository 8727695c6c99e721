/**
 * Successive halving: the runs that continue, decided from errors at rungs alone, in any order of arrival.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Decision, type RungRun } from '../../src/experiment/index.js';

const run = (name: string, errors: readonly (number | null)[], changes: Partial<RungRun> = {}): RungRun => ({
  name,
  errors,
  isDone: false,
  isFailed: false,
  ...changes,
});
const kinds = (decisions: ReadonlyMap<string, Decision>): Record<string, string> =>
  Object.fromEntries(
    [...decisions].map(([name, decision]) => [
      name,
      decision.kind === 'train' ? `train ${decision.untilEpoch ?? 'on'}` : decision.kind,
    ]),
  );

describe('a rung', () => {
  it('is not decided before all of its runs have reached it', () => {
    const runs = [run('a', [10]), run('b', []), run('c', [30, 20])];
    expect(kinds(decide({ rungs: [1, 2] }, runs))).toEqual({ a: 'wait', b: 'train 1', c: 'wait' });
  });

  it('continues the best third, and gives the reason for pruning the others', () => {
    const errors = [40, 10, 30, 20, 25, 5];
    const decisions = decide(
      { rungs: [1] },
      errors.map((error, index) => run(`r${index}`, [error])),
    );
    expect(kinds(decisions)).toEqual({
      ...{ r0: 'pruned', r1: 'train on', r2: 'pruned' },
      ...{ r3: 'pruned', r4: 'pruned', r5: 'train on' },
    });
    expect(decisions.get('r3')).toEqual({
      kind: 'pruned',
      epochs: 1,
      errorPercent: 20,
      place: 3,
      runs: 6,
      kept: 2,
    });
  });

  it('keeps at least one run, and of equal ones the first', () => {
    expect(kinds(decide({ rungs: [1], eta: 100 }, [run('a', [5]), run('b', [5])]))).toEqual({
      a: 'train on',
      b: 'pruned',
    });
  });

  it('ranks an error that is not a number last, and never continues it', () => {
    const decisions = decide({ rungs: [1], eta: 2 }, [run('a', [null]), run('b', [90]), run('c', [95])]);
    expect(kinds(decisions)).toEqual({ a: 'pruned', b: 'train on', c: 'train on' });
    expect(decisions.get('a')).toMatchObject({ errorPercent: null, place: 3, runs: 3, kept: 2 });
    const [first, second] = [run('a', [null]), run('b', [null])];
    const none = decide({ rungs: [1], eta: 1 }, [run('c', [99]), first, second]);
    expect(kinds(none)).toEqual({ a: 'pruned', b: 'pruned', c: 'train on' });
    expect(none.get('b')).toMatchObject({ errorPercent: null, place: 3, kept: 1 });
    const ended = decide({ rungs: [2], eta: 1 }, [run('a', [50, null]), run('b', [null], { isDone: true })]);
    expect(kinds(ended)).toEqual({ a: 'pruned', b: 'done' });
  });

  it('is followed by the next one, for those that are left', () => {
    const runs = [run('a', [10, 9, 8]), run('b', [20, 1, 1]), run('c', [11, 10]), run('d', [40])];
    const decisions = decide({ rungs: [1, 2], eta: 2 }, runs);
    expect(kinds(decisions)).toEqual({ a: 'train on', b: 'pruned', c: 'pruned', d: 'pruned' });
    expect(decisions.get('b')).toMatchObject({ epochs: 1, place: 3 });
    expect(decisions.get('c')).toMatchObject({ epochs: 2, place: 2, runs: 2, kept: 1 });
  });

  it('counts the last error of a run that has ended before it, and prunes none that is done', () => {
    const runs = [
      run('short', [1], { isDone: true }),
      run('a', [9, 9, 9]),
      run('done', [50, 50, 50, 50], { isDone: true }),
    ];
    expect(kinds(decide({ rungs: [3] }, runs))).toEqual({ short: 'done', a: 'pruned', done: 'done' });
  });

  it('waits for no run that failed', () => {
    const runs = [run('a', [10]), run('b', [20]), run('c', [], { isFailed: true })];
    expect(kinds(decide({ rungs: [1], eta: 2 }, runs))).toEqual({ a: 'train on', b: 'pruned', c: 'failed' });
  });
});

it('without halving every run goes to its end', () => {
  const runs = [run('a', []), run('b', [3], { isDone: true }), run('c', [1], { isFailed: true })];
  expect(kinds(decide(null, runs))).toEqual({ a: 'train on', b: 'done', c: 'failed' });
});

it('pruning depends neither on later epochs of other runs nor on the order of arrival', () => {
  const table = fc.array(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 4, maxLength: 4 }), {
    minLength: 1,
    maxLength: 20,
  });
  fc.assert(
    fc.property(table, fc.infiniteStream(fc.nat()), (errors, luck) => {
      const halving = { rungs: [1, 2], eta: 2 };
      const whole = decide(
        halving,
        errors.map((list, index) => run(`${index}`, list)),
      );
      // Runs advance by one epoch each, in a random order, only when they are to train.
      const reached = errors.map(() => 0);
      const state = (): Map<string, Decision> =>
        decide(
          halving,
          errors.map((list, index) => run(`${index}`, list.slice(0, reached[index]))),
        );
      for (;;) {
        const open = [...state()].flatMap(([name, decision]) =>
          decision.kind === 'train' && decision.untilEpoch !== null ? [Number(name)] : [],
        );
        if (open.length === 0) break;
        reached[open[luck.next().value % open.length]!]! += 1;
      }
      expect([...state()].sort()).toEqual([...whole].sort());
    }),
  );
});
