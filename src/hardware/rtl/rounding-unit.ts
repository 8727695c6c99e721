/**
 * rounding_unit.sv: what numerics/convert.ts computes, for one rounding mode and one kind of overflow. All
 * modes share the barrel shifter; they differ in the number of bits below the cut that they examine and in
 * the condition for rounding up.
 */
import type { RoundingMode } from '../../numerics/index.js';
import { isStochastic, moduleName, randomBits, roundStages, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

interface Variant {
  readonly rule: string;
  /** Bits below the cut that the shifter keeps. */
  readonly fraction: '0' | '1' | 'RANDOM';
  /** Examines whether any bit below those is set. */
  readonly sticky?: true;
  /** 1 if the result is one more than the floor. */
  readonly up: string;
}

const VARIANTS: Readonly<Record<RoundingMode, Variant>> = {
  stochastic: {
    rule: 'a random fraction is added below the cut, and the rest is cut off',
    fraction: 'RANDOM',
    up: '',
  },
  'nearest-away': {
    rule: 'to nearest, half away from zero',
    fraction: '1',
    sticky: true,
    up: 'scaled[0] && (below || !scaled[WIDE-1])',
  },
  'nearest-even': {
    rule: 'to nearest, half to even',
    fraction: '1',
    sticky: true,
    up: 'scaled[0] && (below || scaled[1])',
  },
  'nearest-down': {
    rule: 'to nearest, half towards minus infinity',
    fraction: '1',
    sticky: true,
    up: 'scaled[0] && below',
  },
  'nearest-up': { rule: 'to nearest, half towards plus infinity', fraction: '1', up: 'scaled[0]' },
  floor: { rule: 'cut off', fraction: '0', up: "1'b0" },
  'toward-zero': { rule: 'towards zero', fraction: '0', sticky: true, up: 'scaled[WIDE-1] && below' },
};

const STICKY = `
  // Whether anything is left below the fraction.
  logic below;
  always_ff @(posedge clk) begin
    if (advance) below <= |(raised & ~({WIDE{1'b1}} << amount));
  end
`;

const ADD_RANDOM = `  logic [FRACTION-1:0] unused_fraction;
  assign {up, unused_fraction} = {1'b0, scaled[FRACTION-1:0]} + {1'b0, random};`;

const SATURATE = `  // Saturation: all bits above the format's must be copies of the sign.
  logic [ACC+WL-1:0] above;
  assign above = (rounded ^ {(ACC + WL) {rounded[ACC+WL-1]}}) & ~{{ACC{1'b0}}, limit};
  always_ff @(posedge clk) begin
    if (advance) out <= above == '0 ? rounded[WL-1:0] : rounded[ACC+WL-1] ? ~limit : limit;
  end`;

const WRAP = `  // The low bits of the format, extended by their own sign: the bit above those of the limit.
  logic [WL-1:0] sign;
  assign sign = {limit[WL-2:0], 1'b1} ^ limit;
  always_ff @(posedge clk) begin
    if (advance) out <= |(rounded[WL-1:0] & sign) ? rounded[WL-1:0] | ~limit : rounded[WL-1:0] & limit;
  end`;

const WRAPPED_SCALED = `  // Wrapping looks at the low bits alone.
  /* verilator lint_off UNUSEDSIGNAL */
  logic signed [WIDE-1:0] scaled;
  /* verilator lint_on UNUSEDSIGNAL */`;

/** Bits of the rounded value that are looked at: wrapping needs no more than the word. */
const ROUNDED_BITS = { saturate: 'ACC + WL', wrap: 'WL' } as const;

export function roundingUnitModule(design: RtlDesign): string {
  const { wordLength, accumulatorBits, rounding, overflow } = design;
  const { rule, fraction, sticky, up } = VARIANTS[rounding.mode];
  const stochastic = isStochastic(design);
  const bits = ROUNDED_BITS[overflow];
  const cut = overflow === 'saturate' ? 'scaled[WIDE-1:FRACTION]' : 'scaled[FRACTION+:WL]';
  return /* SystemVerilog */ `// From a sum to a word in STAGES cycles, 3 to 5: z = sum + (bias << bias_shift), wrapped to ACC bits; z / 2^shift rounded
// (${rule}); then ${overflow === 'saturate' ? 'saturated to' : 'the low bits of'} the output format.
module ${moduleName(design, 'rounding_unit')} #(
    parameter int WL  = ${wordLength},
    parameter int ACC = ${accumulatorBits},
    parameter int STAGES = ${roundStages(design)}${stochastic ? `,\n    parameter int RANDOM = ${randomBits(design)}` : ''}
) (
    input  logic                  clk,
    input  logic                  advance,
    input  logic signed [ACC-1:0] sum,
    input  logic signed [ WL-1:0] bias,
    input  logic        [    5:0] bias_shift,
    // Bits to drop, -WL (a left shift) to 62, in two's complement.
    input  logic        [    6:0] shift,
    // Largest raw integer of the output format: 2^(its word length - 1) - 1.
    input  logic        [ WL-1:0] limit,
${stochastic ? '    // Two cycles behind the sum.\n    input  logic        [RANDOM-1:0] random,\n' : ''}    output logic        [ WL-1:0] out
);
${requirements(
  ['WL >= 2 && WL <= 32', 'WL_must_be_2_to_32'],
  ['ACC >= 8 && ACC <= 64', 'ACC_must_be_8_to_64'],
  ['STAGES >= 3 && STAGES <= 5', 'STAGES_must_be_3_to_5'],
)}
  // Bits below the cut that are kept behind the shifter.
  localparam int FRACTION = ${fraction};
  localparam int WIDE = ACC + WL + FRACTION;

  logic signed [ACC-1:0] z;
  always_ff @(posedge clk) begin
    if (advance) z <= sum + (ACC'(bias) <<< bias_shift);
  end

  // The barrel shifter brings the cut to bit FRACTION; it shifts right only, from a start WL bits further to the left.
  logic        [     6:0] amount;
  logic signed [WIDE-1:0] raised;
${overflow === 'wrap' ? WRAPPED_SCALED : '  logic signed [WIDE-1:0] scaled;'}
  assign amount = shift + 7'(WL);
  assign raised = $signed({z, {(WL + FRACTION) {1'b0}}});
  always_ff @(posedge clk) begin
    if (advance) scaled <= raised >>> amount;
  end
${sticky ? STICKY : ''}
  logic up;
${stochastic ? ADD_RANDOM : `  assign up = ${up};`}

  // With 5 stages the value before the last bit is added is held, with 4 and 5 the one behind.
  logic [${bits}-1:0] whole, rounded;
  logic up_held;
  if (STAGES > 4) begin : hold_carry
    always_ff @(posedge clk) begin
      if (advance) {up_held, whole} <= {up, ${cut}};
    end
  end else begin : pass_carry
    assign {up_held, whole} = {up, ${cut}};
  end
  if (STAGES > 3) begin : hold_rounded
    always_ff @(posedge clk) begin
      if (advance) rounded <= whole + {{(${bits} - 1) {1'b0}}, up_held};
    end
  end else begin : pass_rounded
    assign rounded = whole + {{(${bits} - 1) {1'b0}}, up_held};
  end

${overflow === 'saturate' ? SATURATE : WRAP}
endmodule
`;
}
