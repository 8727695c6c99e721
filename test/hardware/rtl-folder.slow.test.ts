/** What `fewbit hardware rtl` writes, in tools that take seconds: the test bench under Verilator, and synthesis by Yosys. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { synthesize } from '../../src/cli/commands/hardware/synth.js';
import { needs, STOCHASTIC, write } from './rtl-designs.js';

describe('the generated folder', () => {
  it('runs its test bench under Verilator', { timeout: 240_000 }, ({ skip }) => {
    needs(skip, 'verilator', 'make', 'g++');
    const place = write(STOCHASTIC, 'verilator');
    const out = execFileSync('make', ['-s', 'sim'], {
      cwd: place,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(out).toContain('PASS: 258 words compared, no mistakes');
  });

  it('has a PE that is one DSP48E1, and a rounding unit without', { timeout: 240_000 }, ({ skip }) => {
    needs(skip, 'yosys');
    const { dsps, luts, flipFlops } = synthesize(STOCHASTIC, 'pe');
    expect(dsps).toBe(1);
    expect(luts).toBeGreaterThan(0);
    expect(flipFlops).toBeGreaterThanOrEqual(48 + 2 * 16);
    const unit = synthesize(STOCHASTIC, 'rounding_unit');
    expect(unit.dsps).toBe(0);
    expect(unit.luts).toBeGreaterThan(100);
  });
});
