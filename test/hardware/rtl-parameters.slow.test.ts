/** Parameters of the generated sources that do not work end elaboration in Verilator, Icarus Verilog and Yosys alike, with the rule's name. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { needs, STOCHASTIC, write } from './rtl-designs.js';

type Values = Readonly<Record<string, number>>;

/** Exit code and messages of each tool. */
function elaborate(
  values: Values,
): readonly (readonly [tool: string, status: number | null, text: string])[] {
  const place = write(STOCHASTIC, 'parameters');
  const sources = /^DESIGN = (.*)$/m.exec(readFileSync(join(place, 'Makefile'), 'utf8'))![1]!.split(' ');
  const given = Object.entries(values);
  const tools = {
    verilator: [
      ...['--lint-only', '-Wall', '--top-module', 'fewbit_top'],
      ...given.map(([name, value]) => `-G${name}=${value}`),
      ...sources,
    ],
    iverilog: [
      ...['-g2012', '-s', 'fewbit_top', '-o', 'parameters.vvp'],
      ...given.map(([name, value]) => `-Pfewbit_top.${name}=${value}`),
      ...sources,
    ],
    yosys: [
      '-p',
      [
        `read_verilog -sv ${sources.join(' ')}`,
        ...given.map(([name, value]) => `chparam -set ${name} ${value} fewbit_top`),
        'hierarchy -check -top fewbit_top',
        'proc',
      ].join('; '),
    ],
  };
  return Object.entries(tools).map(([tool, args]) => {
    const { status, stdout, stderr } = spawnSync(tool, args, { cwd: place, encoding: 'utf8' });
    return [tool, status, stdout + stderr];
  });
}

it.for<[Values, string]>([
  [{ DEPTH: 3 }, 'DEPTH_must_be_a_power_of_two'],
  [{ DEPTH: 1000 }, 'DEPTH_must_be_a_power_of_two'],
  [{ LFSR: 10, RANDOM: 10 }, 'BITS_must_be_8_12_16_20_24_32'],
  [{ RANDOM: 13 }, 'RANDOM_must_be_1_to_LFSR'],
  [{ WL: 33 }, 'WL_must_be_2_to_32'],
  [{ ACC: 65 }, 'ACC_must_be_8_to_64'],
  [{ ACC: 7 }, 'ACC_must_be_8_to_64'],
  [{ STAGES: 2 }, 'STAGES_must_be_3_to_5'],
  [{ STAGES: 6 }, 'STAGES_must_be_3_to_5'],
  [{ ROWS: 257 }, 'ROWS_must_be_1_to_256'],
  [{ COLS: 257 }, 'COLS_must_be_1_to_256'],
  [{ COUNT: 32 }, 'COUNT_must_be_GAP_to_31'],
])('%o is refused: %s', { timeout: 240_000 }, ([values, rule], { skip }) => {
  needs(skip, 'verilator', 'iverilog', 'yosys');
  for (const [tool, status, text] of elaborate(values)) {
    expect(text, tool).toContain(rule);
    expect(status, tool).not.toBe(0);
  }
});

it.for<Values>([
  { DEPTH: 1 },
  { DEPTH: 64, ROWS: 1, COLS: 1 },
  { LFSR: 32, RANDOM: 7 },
  { WL: 2, ACC: 8, STAGES: 5 },
  { WL: 32, ACC: 64, STAGES: 4 },
])('%o is taken', { timeout: 240_000 }, (values, { skip }) => {
  needs(skip, 'verilator', 'iverilog', 'yosys');
  for (const [tool, status, text] of elaborate(values)) expect(status, `${tool}: ${text}`).toBe(0);
});
