/**
 * What `fewbit hardware rtl` writes, in tools that take seconds: the test bench with its assertions under Verilator, synthesis by
 * Yosys, and place and route by nextpnr.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    expect(out).toContain('PASS: 270 words compared, no mistakes');
  });

  it('has assertions that fail on a fault', { timeout: 240_000 }, ({ skip }) => {
    needs(skip, 'verilator', 'make', 'g++');
    const place = write(STOCHASTIC, 'assertions');
    const path = join(place, 'fewbit_control.sv');
    const text = readFileSync(path, 'utf8');
    const changed = text.replace(/\s*&& !\(feed_last && biases == '0\)/, '');
    expect(changed).not.toBe(text);
    writeFileSync(path, changed);
    const { status, stdout } = spawnSync('make', ['-s', 'sim'], { cwd: place, encoding: 'utf8' });
    expect(status).not.toBe(0);
    expect(stdout).toMatch(/Assertion failed in .*bias_is_there/);
  });

  it('has a rounding unit whose further stages allow a faster clock', { timeout: 240_000 }, ({ skip }) => {
    needs(skip, 'yosys', 'nextpnr-ice40', 'make');
    const clockMHz = (roundStages: number): number => {
      const place = write({ ...STOCHASTIC, lfsrBits: 16, roundStages }, `timing-${roundStages}`);
      const out = execFileSync('make', ['-s', 'timing', 'SEEDS=1'], { cwd: place, encoding: 'utf8' });
      return Number(/([\d.]+) MHz \(/.exec(out)?.[1]);
    };
    // What nextpnr computes from the part's delays, about 40 and 70 MHz.
    const [short, long] = [clockMHz(3), clockMHz(5)];
    expect(short).toBeGreaterThan(20);
    expect(long).toBeGreaterThan(1.3 * short);
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
