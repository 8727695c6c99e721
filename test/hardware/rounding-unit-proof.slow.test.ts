/**
 * Yosys proves, by SAT, that the generated rounding unit gives what docs/numerics.md defines for all sums, biases, shifts, limits
 * and random words at once: every kind of unit at small widths, and three modes at those of the paper. A unit with a fault must be
 * refuted. rounding-unit-rtl.slow.test.ts compares the same units with the simulator.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { rtlModules, type RtlDesign } from '../../src/hardware/index.js';
import { missingTool } from '../../src/cli/commands/hardware/tools.js';
import { parseRounding, ROUNDING_MODES, type Overflow, type RoundingMode } from '../../src/numerics/index.js';
import { temporaryFolder } from '../cli/support.js';

const missing = missingTool('yosys');
const folder = temporaryFolder();

interface Unit {
  readonly mode: RoundingMode;
  readonly overflow: Overflow;
  readonly wl: number;
  readonly acc: number;
  readonly random: number;
  readonly stages: number;
}

const nameOf = ({ mode, overflow, wl, acc, stages }: Unit): string =>
  `${mode}_${overflow}_${wl}_${acc}_${stages}`;

/** When the whole part of z / 2^shift, in `full` with 64 fraction bits `fraction`, is raised by one. */
const UP: Readonly<Record<Exclude<RoundingMode, 'stochastic'>, string>> = {
  'nearest-away': 'fraction > HALF || (fraction == HALF && !full[W-1])',
  'nearest-even': 'fraction > HALF || (fraction == HALF && full[64])',
  'nearest-down': 'fraction > HALF',
  'nearest-up': 'fraction >= HALF',
  floor: "1'b0",
  'toward-zero': "full[W-1] && fraction != '0",
};

/** The definitions of docs/numerics.md for a unit whose inputs stand still; nothing of the unit's own arithmetic. */
function reference({ mode, overflow, wl, acc, random, stages }: Unit): string {
  const isStochastic = mode === 'stochastic';
  const rounded = isStochastic
    ? `
  // r has as many random bits as are dropped: the top bits of the word, or the word and zeros below it.
  logic signed [W-1:0] r, raised;
  assign r = shift <= 0 ? '0 : shift <= RANDOM ? W'(random) >> (RANDOM - shift) : W'(random) << (shift - RANDOM);
  assign raised = (start >>> 64) + r;
  assign rounded = shift >= 0 ? raised >>> shift : full[W-1:64];`
    : `
  assign rounded = $signed(full[W-1:64]) + $signed({1'b0, ${UP[mode]}});`;
  const want =
    overflow === 'saturate'
      ? "rounded > $signed({1'b0, limit}) ? limit : rounded < -$signed({1'b0, limit}) - 1 ? ~limit : rounded[WL-1:0]"
      : '$signed(top) >>> (WL - 1 - word)';
  return `module proof #(parameter int WL = ${wl}, ACC = ${acc}, RANDOM = ${random}) (
    input logic clk, output logic signed [ACC-1:0] sum_and_bias, output logic [WL-1:0] want, out
);
  (* anyconst *) logic signed [ACC-1:0] sum;
  (* anyconst *) logic signed [WL-1:0] bias;
  (* anyconst *) logic [5:0] bias_shift;
  (* anyconst *) logic signed [6:0] shift;
  (* anyconst *) logic [4:0] word;
  (* anyconst *) logic [RANDOM-1:0] random;
  (* anyconst *) logic signed [ACC-1:0] z;
  logic [WL-1:0] limit;
  assign limit = (WL'(1) << word) - 1'b1;
  always_comb assume(word >= 1 && word < WL && shift >= -WL && shift <= 62);

  fewbit_rounding_unit #(.WL(WL), .ACC(ACC), .STAGES(${stages})${isStochastic ? ', .RANDOM(RANDOM)' : ''}) unit (
      .clk, .advance(1'b1), .sum, .bias, .bias_shift, .shift, .limit, ${isStochastic ? '.random, ' : ''}.out
  );

  assign sum_and_bias = sum + bias * (ACC'(1) << bias_shift);
  localparam int W = ACC + WL + 64;
  localparam logic [63:0] HALF = 64'h8000000000000000;
  logic signed [W-1:0] start, full;
  logic [63:0] fraction;
  logic signed [ACC+WL-1:0] rounded;
  logic [WL-1:0] top;
  assign start = $signed({{WL{z[ACC-1]}}, z, 64'b0});
  assign full = shift >= 0 ? start >>> shift : start <<< -shift;
  assign fraction = full[63:0];${rounded}
  assign top = rounded[WL-1:0] << (WL - 1 - word);
  assign want = ${want};
endmodule
`;
}

/**
 * What Yosys finds: `proved`, or `refuted` by an example. The unit is proved in two parts, which meet at its register z: z is the
 * sum with its bias one cycle later, and the word follows from any z.
 */
async function prove(unit: Unit, change: (text: string) => string = (text) => text): Promise<string[]> {
  const { mode, overflow, wl, acc, random, stages } = unit;
  const design: RtlDesign = {
    ...{ rows: 1, cols: 1, wordLength: wl, accumulatorBits: acc, depth: 1, lfsrBits: 32, overflow },
    rounding: parseRounding(mode === 'stochastic' ? `stochastic:${random}` : mode),
    roundStages: stages,
  };
  const place = join(folder, nameOf(unit));
  mkdirSync(place, { recursive: true });
  const { name, text } = rtlModules(design).find((file) => file.name.includes('rounding_unit'))!;
  const changed = change(text);
  writeFileSync(join(place, name), changed);
  writeFileSync(join(place, 'proof.sv'), reference(unit));
  const proofs = [
    'sat -seq 2 -prove-skip 1 -set-assumes -prove unit.z sum_and_bias',
    `sat -seq ${stages} -prove-skip ${stages - 1} -set-assumes -set unit.z z -prove out want`,
  ];
  const script = [
    `read_verilog -formal -sv ${name} proof.sv`,
    'prep -top proof -flatten',
    'opt -full',
    ...proofs,
  ];
  const log = await new Promise<string>((resolve, reject) => {
    const yosys = spawn('yosys', ['-p', script.join('; ')], { cwd: place });
    let out = '';
    yosys.stdout.setEncoding('utf8').on('data', (part: string) => (out += part));
    yosys.stderr.setEncoding('utf8').on('data', (part: string) => (out += part));
    yosys.on('error', reject);
    yosys.on('close', () => resolve(out));
  });
  const found = [...log.matchAll(/SAT proof finished - (no model|model) found/g)];
  if (found.length !== proofs.length) return [log.slice(-1000)];
  return found.map(([, model]) => (model === 'no model' ? 'proved' : 'refuted'));
}

const SMALL = { wl: 8, acc: 20, random: 8 };
const PAPER = { wl: 16, acc: 48, random: 16 };
const UNITS: readonly Unit[] = [
  ...ROUNDING_MODES.flatMap((mode) =>
    (['saturate', 'wrap'] as const).map((overflow) => ({ ...SMALL, mode, overflow, stages: 3 })),
  ),
  ...[4, 5].flatMap((stages) => [
    { ...SMALL, mode: 'stochastic' as const, overflow: 'saturate' as const, stages },
    { ...SMALL, mode: 'nearest-away' as const, overflow: 'wrap' as const, stages },
  ]),
  ...(['stochastic', 'nearest-away', 'floor'] as const).map((mode) => ({
    ...{ ...PAPER, mode, stages: 3 },
    overflow: 'saturate' as const,
  })),
  { ...PAPER, mode: 'stochastic', overflow: 'saturate', stages: 5 },
];

it.for(UNITS.map((unit) => [nameOf(unit), unit] as const))(
  'is what is defined: %s',
  { timeout: 600_000 },
  async ([, unit], { skip }) => {
    skip(missing !== null, missing ?? '');
    expect(await prove(unit)).toEqual(['proved', 'proved']);
  },
);

const FAULTY = { ...SMALL, mode: 'stochastic', overflow: 'saturate', stages: 3 } as const;

it.for([
  ['opposite limit', ': limit;', ': ~limit;', ['proved', 'refuted']],
  ['logical shift', '>>> amount', '>> amount', ['proved', 'refuted']],
  ['no carry of the random sum', "{1'b0, random}", "'0", ['proved', 'refuted']],
  ['no bias', "ACC'(bias) <<< bias_shift", "ACC'(bias)", ['refuted', 'proved']],
] as const)('finds a fault: %s', { timeout: 600_000 }, async ([, from, to, result], { skip }) => {
  skip(missing !== null, missing ?? '');
  const change = (text: string): string => {
    expect(text).toContain(from);
    return text.replace(from, to);
  };
  expect(await prove(FAULTY, change)).toEqual(result);
});
