/**
 * timing.sv: one rounding unit, with its shift register, between registers, so that the clock which place and route finds is
 * that of the unit and not of pins.
 */
import { isStochastic, moduleName, randomBits, roundStages, type RtlDesign } from './design.js';

export function timingModule(design: RtlDesign): string {
  const { wordLength, accumulatorBits, lfsrBits } = design;
  const name = (module: string): string => moduleName(design, module);
  const only = (text: string): string => (isStochastic(design) ? text : '');
  return /* SystemVerilog */ `// One rounding unit${only(' with its shift register')} between registers, for the clock that place and route finds (make timing): its operands come in
// bit by bit, and its word goes out as a parity, because a part has too few pins for them.
module ${name('timing')} #(
    parameter int WL     = ${wordLength},
    parameter int ACC    = ${accumulatorBits},
    parameter int STAGES = ${roundStages(design)}${only(`,
    parameter int LFSR   = ${lfsrBits},
    parameter int RANDOM = ${randomBits(design)}`)}
) (
    input  logic clk,
    input  logic in,
    output logic out
);
  logic advance;
  logic [ACC-1:0] sum;
  logic [WL-1:0] bias, limit, word;
  logic [6:0] shift;
  logic [5:0] bias_shift;
${only(`  logic load;
  logic [LFSR-1:0] seed, random;
`)}
  always_ff @(posedge clk) begin
    {advance, sum, bias, limit, shift, bias_shift${only(', load, seed')}} <= {sum, bias, limit, shift, bias_shift${only(', load, seed')}, in};
    out <= ^word;
  end
${only(`
  ${name('lfsr')} #(.BITS(LFSR)) lfsr (.clk, .load, .seed, .draw(advance), .word(random));
`)}
  ${name('rounding_unit')} #(.WL(WL), .ACC(ACC), .STAGES(STAGES)${only(', .RANDOM(RANDOM)')}) unit (
      .clk, .advance, .sum, .bias, .bias_shift, .shift, .limit, ${only('.random(random[LFSR-1-:RANDOM]), ')}.out(word)
  );
endmodule
`;
}
