/** Golden digests of small networks (runs.ts); those of the dense network are in golden.slow.test.ts. */
import { expect, test } from 'vitest';
import { expectGolden, GOLDEN_RUNS, recordedDigests, SLOW_GOLDEN_RUNS } from './runs.js';

test.each(GOLDEN_RUNS)('$name gives the recorded digest on every backend', expectGolden);

test('every recorded digest belongs to a run', () => {
  const names = [...GOLDEN_RUNS, ...SLOW_GOLDEN_RUNS].map(({ name }) => name);
  expect(Object.keys(recordedDigests()).sort()).toEqual(names.sort());
});
