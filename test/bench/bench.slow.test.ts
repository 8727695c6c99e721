/** One short run of the benchmark, from start to files. No test asserts a speed. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bench } from './command.js';

const folder = mkdtempSync(join(tmpdir(), 'fewbit-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('measures a part from start to files', () => {
  const out = join(folder, 'run');
  const { status, stdout, stderr } = bench(
    ...['--quick', '--rounds', '1', '--only', 'kernels', '--networks', 'lenet', '--out', out],
  );
  expect([status, stderr]).toEqual([0, expect.stringContaining('written to')]);
  expect(readdirSync(out).sort()).toEqual(['kernels.json', 'kernels.md']);
  expect(`${readFileSync(join(out, 'kernels.md'), 'utf8')}\n`).toBe(stdout);
  const { data } = JSON.parse(readFileSync(join(out, 'kernels.json'), 'utf8'));
  const ways = data.products.rows.map(({ ways }: { ways: string }) => ways);
  // Each way that a sum can take is among what is measured.
  expect(ways).toEqual(['fast', 'flush', 'full', expect.any(String), 'float32', 'fast', 'fast', 'fast']);
  expect(data.ops[0].rows.map(({ name }: { name: string }) => name)).toContain('conv2 dWeight');
});
