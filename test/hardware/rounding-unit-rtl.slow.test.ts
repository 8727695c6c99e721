/**
 * The generated rounding unit of every mode, saturating and wrapping, against the simulator's, exhaustively at small widths: all sums
 * of 8 bits x all shifts x all random words, and all biases. Units of all numbers of stages stand side by side in one simulation.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RoundingUnit, rtlModules, type RtlDesign } from '../../src/hardware/index.js';
import { missingTool } from '../../src/cli/commands/hardware/tools.js';
import { Converter, parseRounding, ROUNDING_MODES, Wide, type Overflow } from '../../src/numerics/index.js';
import { temporaryFolder } from '../cli/support.js';

const missing = missingTool('verilator');
const folder = temporaryFolder();

const WL = 4;
const ACC = 8;
const RANDOM = 4;
/** Word lengths of output formats, by their limits. */
const WORDS = [2, 4] as const;
const SHIFTS = Array.from({ length: ACC + 3 + WL }, (_, i) => i - WL);

const UNITS = ROUNDING_MODES.flatMap((mode) =>
  (['saturate', 'wrap'] as const).flatMap((overflow) =>
    [3, 4, 5].map((stages) => ({
      ...{ mode, overflow, stages },
      name: `unit_${mode.replaceAll('-', '_')}_${overflow}_${stages}`,
    })),
  ),
);

function designOf(mode: string, overflow: Overflow, roundStages = 3): RtlDesign {
  const rounding = parseRounding(mode === 'stochastic' ? `stochastic:${RANDOM}` : mode);
  return {
    rows: 1,
    cols: 1,
    wordLength: WL,
    accumulatorBits: ACC,
    depth: 1,
    rounding,
    lfsrBits: 8,
    overflow,
    roundStages,
  };
}

/** All units beside each other; their results side by side. */
function bench(): string {
  const instances = UNITS.map(({ mode, name }, i) => {
    const random = mode === 'stochastic' ? '.random, ' : '';
    return `  ${name} u${i} (.clk, .advance(1'b1), .sum, .bias, .bias_shift, .shift, .limit, ${random}.out(out[${i * WL}+:${WL}]));`;
  });
  return `module bench (
    input logic clk, input logic signed [${ACC - 1}:0] sum, input logic signed [${WL - 1}:0] bias, input logic [5:0] bias_shift,
    input logic [6:0] shift, input logic [${WL - 1}:0] limit, input logic [${RANDOM - 1}:0] random,
    output logic [${UNITS.length * WL - 1}:0] out
);
${instances.join('\n')}
endmodule
`;
}

/** Every case in the order of `cases`, one result byte for each unit. Inputs stand still for the cycles of the longest unit. */
const MAIN = `
#include <cstdio>
#include "Vbench.h"
#include "verilated.h"
static Vbench top;
static void run(int sum, int bias, int biasShift, int shift, int limit, int random) {
  top.sum = sum & ${2 ** ACC - 1};
  top.bias = bias & ${2 ** WL - 1};
  top.bias_shift = biasShift;
  top.shift = shift & 127;
  top.limit = limit;
  top.random = random;
  for (int i = 0; i < 5; i++) {
    top.clk = 1;
    top.eval();
    top.clk = 0;
    top.eval();
  }
  for (int i = 0; i < ${UNITS.length}; i++)
    putchar(static_cast<int>(top.out[${WL} * i / 32] >> (${WL} * i % 32) & ${2 ** WL - 1}));
}
int main() {
  // The first edge needs a level before it.
  top.eval();
  int sum, bias, biasShift, shift, limit, random;
  while (scanf("%d %d %d %d %d %d", &sum, &bias, &biasShift, &shift, &limit, &random) == 6)
    run(sum, bias, biasShift, shift, limit, random);
}
`;

interface Case {
  readonly sum: number;
  readonly bias: number;
  readonly biasShift: number;
  readonly shift: number;
  readonly word: number;
  readonly random: number;
}

function* cases(): Generator<Case> {
  for (const word of WORDS)
    for (const shift of SHIFTS)
      for (let sum = -(2 ** (ACC - 1)); sum < 2 ** (ACC - 1); sum += 1) {
        for (let random = 0; random < 2 ** RANDOM; random += 1)
          yield { sum, bias: 0, biasShift: 0, shift, word, random };
        if (shift !== 3) continue;
        for (let bias = -(2 ** (WL - 1)); bias < 2 ** (WL - 1); bias += 1)
          for (let biasShift = 0; biasShift <= ACC; biasShift += 1)
            yield { sum, bias, biasShift, shift, word, random: (sum + bias + biasShift) & 15 };
      }
}

function expected(
  mode: string,
  overflow: Overflow,
  { sum, bias, biasShift, shift, word, random }: Case,
  z: Wide,
): number {
  const { rounding } = designOf(mode, overflow);
  const converter = new Converter({
    format: { il: word, fl: 0 },
    drop: shift,
    rounding,
    overflow,
    randomWidth: 16,
  });
  const unit = new RoundingUnit(converter, { accumulator: { width: ACC, overflow: 'wrap' }, biasShift });
  z.setNumber(sum);
  return unit.round(z, bias, random << (16 - RANDOM));
}

it('rounds as the simulator, all sums, shifts and random words', { timeout: 240_000 }, ({ skip }) => {
  skip(missing !== null, missing ?? '');
  mkdirSync(folder, { recursive: true });
  for (const { mode, overflow, stages, name } of UNITS) {
    const modules = rtlModules(designOf(mode, overflow, stages));
    const { text } = modules.find((file) => file.name === 'fewbit_rounding_unit.sv')!;
    writeFileSync(join(folder, `${name}.sv`), text.replace('module fewbit_rounding_unit', `module ${name}`));
  }
  writeFileSync(join(folder, 'bench.sv'), bench());
  writeFileSync(join(folder, 'main.cpp'), MAIN);
  const sources = ['bench.sv', ...UNITS.map(({ name }) => `${name}.sv`), 'main.cpp'];
  const args = [
    '--cc',
    '--exe',
    '--build',
    '-O3',
    '-CFLAGS',
    '-O1',
    '--top-module',
    'bench',
    '-o',
    'bench',
    ...sources,
  ];
  execFileSync('verilator', args, { cwd: folder, stdio: 'pipe' });
  const all = [...cases()];
  const input = all.map(({ sum, bias, biasShift, shift, word, random }) =>
    [sum, bias, biasShift, shift, 2 ** (word - 1) - 1, random].join(' '),
  );
  const out = execFileSync(join(folder, 'obj_dir/bench'), { input: input.join('\n'), maxBuffer: 1 << 28 });
  expect(out.length).toBe(all.length * UNITS.length);
  const z = new Wide();
  const wrong: string[] = [];
  all.forEach((one, at) => {
    UNITS.forEach(({ mode, overflow, name }, unit) => {
      // Only stochastic rounding looks at the random word.
      if (mode !== 'stochastic' && one.bias === 0 && one.biasShift === 0 && one.random > 0) return;
      const got = (out[at * UNITS.length + unit]! << 28) >> 28;
      const must = expected(mode, overflow, one, z);
      if (got !== must && wrong.length < 10)
        wrong.push(`${name} ${JSON.stringify(one)}: ${got}, must be ${must}`);
    });
  });
  expect(wrong).toEqual([]);
  expect(all.length).toBeGreaterThan(190_000);
});
