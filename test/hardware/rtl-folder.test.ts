/**
 * What `fewbit hardware rtl` writes: the sources as snapshots, Verilator's lint without a word, and the test bench under Icarus
 * Verilog, which also has to notice a wrong word.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  arrayOfDesign,
  checkDesign,
  productStream,
  rtlModules,
  type RtlDesign,
} from '../../src/hardware/index.js';
import { parseRounding, ROUNDING_MODES } from '../../src/numerics/index.js';
import { files, folder, needs, NEAREST, STOCHASTIC, write } from './rtl-designs.js';
import { jobOf, matmulOf } from './support.js';

describe('the generated folder', () => {
  it('is that of the snapshots', async () => {
    for (const { name, text } of files(STOCHASTIC)) {
      await expect(text).toMatchFileSnapshot(`rtl/stochastic/${name}.txt`);
    }
    const other = files(NEAREST).filter(({ name }) =>
      ['fewbit_drain.sv', 'fewbit_rounding_unit.sv', 'fewbit_top.sv'].includes(name),
    );
    for (const { name, text } of other) await expect(text).toMatchFileSnapshot(`rtl/nearest/${name}.txt`);
  });

  it('has nothing that Verilator warns of, in any mode', { timeout: 120_000 }, ({ skip }) => {
    needs(skip, 'verilator');
    const designs = [...ROUNDING_MODES, 'stochastic:5'].map((mode, i): RtlDesign => ({
      ...STOCHASTIC,
      rounding: parseRounding(mode),
      overflow: i % 2 === 0 ? 'wrap' : 'saturate',
      wordLength: [8, 16, 32][i % 3]!,
      accumulatorBits: [12, 48, 64][i % 3]!,
      roundStages: 3 + (i % 3),
    }));
    designs.push(NEAREST, { ...STOCHASTIC, rows: 1, cols: 1, depth: 1 });
    designs.forEach((design, i) => {
      const place = join(folder, `lint-${i}`);
      mkdirSync(place);
      const modules = rtlModules(design);
      for (const { name, text } of modules) writeFileSync(join(place, name), text);
      const args = ['--lint-only', '-Wall', '--top-module', 'fewbit_top', ...modules.map(({ name }) => name)];
      const { status, stdout, stderr } = spawnSync('verilator', args, { cwd: place, encoding: 'utf8' });
      expect([status, stdout, stderr]).toEqual([0, '', '']);
    });
  });

  it('stands beside another design in one compilation', { timeout: 120_000 }, ({ skip }) => {
    needs(skip, 'iverilog', 'verilator');
    const place = join(folder, 'pair');
    mkdirSync(place);
    const designs = [STOCHASTIC, { ...NEAREST, prefix: 'nearest_' }];
    const modules = designs.flatMap((design) => rtlModules(design));
    for (const { name, text } of modules) writeFileSync(join(place, name), text);
    const ports =
      ".reset(1'b0), .config_valid(1'b0), .lhs_valid(1'b0), .rhs_valid(1'b0), .bias_valid(1'b0), .result_ready(1'b0)";
    writeFileSync(
      join(place, 'pair.sv'),
      `module pair (input logic clk, output logic [1:0] error);
  fewbit_top a (.clk, ${ports}, .error(error[0]));
  nearest_top b (.clk, ${ports}, .error(error[1]));
endmodule
`,
    );
    const sources = ['pair.sv', ...modules.map(({ name }) => name)];
    const checked = (tool: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(tool, [...args, ...sources], {
        cwd: place,
        encoding: 'utf8',
      });
      expect([status, stdout, stderr]).toEqual([0, '', '']);
    };
    checked('iverilog', '-g2012', '-s', 'pair', '-o', 'pair.vvp');
    checked('verilator', '--lint-only', '--top-module', 'pair', '-Wno-PINMISSING');
  });

  it.for([
    ['stochastic', STOCHASTIC],
    ['nearest', NEAREST],
  ] as const)(
    'runs its test bench under Icarus Verilog: %s',
    { timeout: 120_000 },
    ([name, design], { skip }) => {
      needs(skip, 'iverilog', 'vvp', 'make');
      const place = write(design, `icarus-${name}`);
      const out = execFileSync('make', ['-s', 'sim-icarus'], {
        cwd: place,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(out).toContain('PASS: 270 words compared, no mistakes');
      const results = join(place, 'vectors/results.hex');
      const text = readFileSync(results, 'utf8');
      // The lowest bit of the first column's row 0.
      const at = text.indexOf('\n') - 1;
      writeFileSync(
        results,
        text.slice(0, at) + (parseInt(text[at]!, 16) ^ 1).toString(16) + text.slice(at + 1),
      );
      const { status, stdout } = spawnSync('make', ['-s', 'sim-icarus'], { cwd: place, encoding: 'utf8' });
      expect(status).toBe(2);
      expect(stdout).toContain('FAIL: 270 words compared, 2 mistakes');
      expect(stdout).toContain('column 0 row 0: got ');
    },
  );
});

describe('a design', () => {
  it.each([
    [{ rows: 0 }, 'array: rows must be an integer from 1 to 1024, got 0'],
    [{ rows: 257 }, 'rtl: rows must be an integer from 1 to 256, got 257'],
    [{ wordLength: 33 }, 'rtl: the word length must be an integer from 2 to 32, got 33'],
    [{ roundStages: 6 }, 'rtl: the number of round stages must be an integer from 3 to 5, got 6'],
    [
      { prefix: 'my-' },
      'rtl: the prefix must be a letter or _ and then letters, digits or _, up to 64 in all, got "my-"; choose for example fewbit_',
    ],
    // The module of a PE would be called `type`.
    [{ prefix: 'ty' }, 'got "ty"; choose for example fewbit_'],
    [{ depth: 6 }, 'rtl: depth must be a power of two, got 6; its addresses must wrap'],
  ])('%o is refused', (changes, message) => {
    expect(() => checkDesign({ ...STOCHASTIC, ...changes })).toThrow(message);
  });

  it.each([
    [{ wordLength: 12 }, {}, 'rtl: out: words must fit in 12 bits, got 16; use --wl 16'],
    [{ accumulatorBits: 30 }, {}, 'an accumulator of 30; use --acc'],
    [
      {},
      { accumulator: { width: 40, overflow: 'wrap' } },
      'exact or wrap:48 as that of the array, got wrap:40',
    ],
    [
      {},
      { accumulator: { width: 48, overflow: 'saturate' } },
      'exact or wrap:48 as that of the array, got saturate:48',
    ],
    [{}, { rounding: 'nearest' }, 'the rounding units have stochastic, the site has nearest-away'],
    [{ overflow: 'wrap' }, {}, 'the rounding units wrap, the site must saturate'],
  ] as const)('%o does not compute %o', (changes, options, message) => {
    const design: RtlDesign = { ...STOCHASTIC, ...changes };
    const job = jobOf(arrayOfDesign(design), matmulOf({ m: 2, k: 3, n: 2, ...options }), 'lfsr');
    expect(() => productStream(design, job)).toThrow(message);
  });
});
