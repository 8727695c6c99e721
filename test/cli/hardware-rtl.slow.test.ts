/** `fewbit hardware cosim`: training steps on the generated hardware, in Verilator. */
import { describe, expect, it } from 'vitest';
import { missingTool } from '../../src/cli/commands/hardware/tools.js';
import { cli, jsonLines, CONVOLUTIONAL_NETWORK, temporaryFolder, writeConfiguration } from './support.js';

const folder = temporaryFolder();
const run = (...args: string[]) => cli(['hardware', ...args], { cwd: folder });

const missing = missingTool('verilator');

describe('cosim', () => {
  it.for(['stochastic', 'nearest'])(
    'trains a step on the hardware, digest for digest: %s',
    { timeout: 240_000 },
    async (rounding, { skip }) => {
      skip(missing !== null, missing ?? '');
      writeConfiguration(folder, { network: { ...CONVOLUTIONAL_NETWORK, rounding } }, `${rounding}.json`);
      const args = [
        'cosim',
        `${rounding}.json`,
        '--batch',
        '3',
        '--steps',
        '2',
        '--rows',
        '3',
        '--cols',
        '4',
        '--depth',
        '16',
      ];
      const result = await run(...args, '--json');
      expect([result.code, result.stderr]).toEqual([0, '']);
      const [done] = jsonLines(result) as [
        { products: { mismatches: number }[]; totals: { words: number }; digests: Record<string, string> },
      ];
      // Forward and weight gradient of each layer, input gradient of all but the first; two steps.
      expect(done.products).toHaveLength(16);
      expect(done.products.every(({ mismatches }) => mismatches === 0)).toBe(true);
      expect(done.totals.words).toBeGreaterThan(2000);
      const { hardware, simulator, wasm } = done.digests;
      expect(hardware).toBe(simulator);
      expect(wasm).toBe(rounding === 'nearest' ? simulator : undefined);
    },
  );
});
