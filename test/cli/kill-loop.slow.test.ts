/** A few kills of the kill loop (`npm run kill-loop` does as many as it is asked for): nothing is lost. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const LOOP = fileURLToPath(new URL('../../scripts/kill-loop.mjs', import.meta.url));

it('loses nothing to kills, full disks, failing disks and short writes', { timeout: 600_000 }, () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [LOOP, '--kills', '12', '--seed', '7'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  const counts = JSON.parse(stdout) as Record<string, number>;
  expect(counts['kills']).toBeGreaterThanOrEqual(12);
  expect(counts['insideWrites']).toBeGreaterThan(0);
  expect(counts['lost']).toBe(0);
});
