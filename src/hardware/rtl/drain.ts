/** drain.sv: everything at the left edge, from the sums that leave the array to columns of words. */
import { isStochastic, moduleName, randomBits, roundStages, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

export function drainModule(design: RtlDesign): string {
  const { rows, cols, wordLength, accumulatorBits, lfsrBits } = design;
  const only = (text: string): string => (isStochastic(design) ? text : '');
  return /* SystemVerilog */ `// The left edge: a rounding unit a row, which gets its column's bias as it comes down from row to row, and the delays that
// bring the words of one column together again.
module ${moduleName(design, 'drain')} #(
    parameter int ROWS   = ${rows},
    parameter int COLS   = ${cols},
    parameter int WL     = ${wordLength},
    parameter int ACC    = ${accumulatorBits},
    parameter int STAGES = ${roundStages(design)}${only(`,
    parameter int LFSR   = ${lfsrBits},
    parameter int RANDOM = ${randomBits(design)}`)}
) (
    input  logic                 clk,
    input  logic                 reset,
    input  logic                 advance,
    // The product's: see rounding_unit.sv${only('; load takes the seeds')}.
${only(`    input  logic                 load,
    input  logic [ROWS*LFSR-1:0] seeds,
`)}    input  logic [          5:0] bias_shift,
    input  logic [          6:0] shift,
    input  logic [       WL-1:0] limit,
    input  logic [     ROWS-1:0] in_valid,
    input  logic [ ROWS*ACC-1:0] in_sums,
    // The biases of the block whose results row 0 gets.
    input  logic [  COLS*WL-1:0] biases,
    output logic                 out_valid,
    output logic [  ROWS*WL-1:0] out_words
);
${only(requirements(['RANDOM >= 1 && RANDOM <= LFSR', 'RANDOM_must_be_1_to_LFSR']))}
  localparam int COLUMN = COLS > 1 ? $clog2(COLS) : 1;

  // Column of row 0's next result.
  logic [COLUMN-1:0] column;
  always_ff @(posedge clk) begin
    if (reset) column <= '0;
    else if (advance && in_valid[0]) column <= column == COLUMN'(COLS - 1) ? '0 : column + 1'b1;
  end

  logic [ROWS*WL-1:0] words;
  for (genvar i = 0; i < ROWS; i++) begin : rows
    logic [WL-1:0] bias;
    if (i == 0) begin : bias_of_the_block
      assign bias = biases[column*WL+:WL];
    end else begin : bias_from_above
      always_ff @(posedge clk) begin
        if (advance) bias <= rows[i-1].bias;
      end
    end

${only(`    // Whether there is a result in the first two stages of the rounding unit; the third adds the random word.
    logic [1:0] busy;
    always_ff @(posedge clk) begin
      if (reset) busy <= '0;
      else if (advance) busy <= {busy[0], in_valid[i]};
    end

    // All but the RANDOM top bits go nowhere.
    /* verilator lint_off UNUSEDSIGNAL */
    logic [LFSR-1:0] random;
    /* verilator lint_on UNUSEDSIGNAL */
    ${moduleName(design, 'lfsr')} #(.BITS(LFSR)) lfsr (
        .clk, .load,
        .seed(seeds[i*LFSR+:LFSR]),
        .draw(advance && busy[1]),
        .word(random)
    );

`)}    ${moduleName(design, 'rounding_unit')} #(.WL(WL), .ACC(ACC), .STAGES(STAGES)${only(', .RANDOM(RANDOM)')}) rounding_unit (
        .clk, .advance, .bias_shift, .shift, .limit, .bias,
        .sum   (in_sums[i*ACC+:ACC]),
${only(`        .random(random[LFSR-1-:RANDOM]),
`)}        .out   (words[i*WL+:WL])
    );
  end

  ${moduleName(design, 'skew')} #(.LANES(ROWS), .WIDTH(WL), .REVERSED(1'b1)) realign (.clk, .advance, .in(words), .out(out_words));

  // Whether there is a result of the last row in each stage.
  logic [STAGES-1:0] leaving;
  always_ff @(posedge clk) begin
    if (reset) leaving <= '0;
    else if (advance) leaving <= {leaving[STAGES-2:0], in_valid[ROWS-1]};
  end
  assign out_valid = leaving[STAGES-1];
endmodule
`;
}
