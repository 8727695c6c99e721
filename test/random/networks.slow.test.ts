/**
 * Random networks: formats of 2 to 32 bits, every layer, strides, overrides, roundings and accumulators, random contents. Each
 * trains two steps and is evaluated on the reference and on wasm with 1, 2 and 3 threads; every tensor, metric and counter
 * must be equal. FEWBIT_RANDOM_NETWORKS=first..last tries other seeds.
 */
import { expect, test } from 'vitest';
import { trySeed } from './search.js';

const [first = 0, last = 1499] =
  (process.env['FEWBIT_RANDOM_NETWORKS'] ?? '').match(/\d+/g)?.map(Number) ?? [];

test(`seeds ${first} to ${last} train to the same integers on the reference and on wasm`, async () => {
  const wrong: string[] = [];
  let tried = 0;
  for (let seed = first; seed <= last; seed++) {
    const found = await trySeed(seed);
    if (found !== 'refused') tried++;
    if (found !== null && found !== 'refused') wrong.push(`seed ${seed}: ${found}`);
  }
  expect(wrong).toEqual([]);
  // If most seeds were refused, the search would be empty.
  expect(tried).toBeGreaterThan((last - first + 1) / 3);
}, 7_200_000);
