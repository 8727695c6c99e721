/** Golden digests of the dense network (runs.ts), which the reference trains slowly. */
import { test } from 'vitest';
import { expectGolden, SLOW_GOLDEN_RUNS } from './runs.js';

test.each(SLOW_GOLDEN_RUNS)('$name gives the recorded digest on every backend', expectGolden);
