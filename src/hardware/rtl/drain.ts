/** drain.sv: everything at the left edge, from the sums that leave the array to columns of words. */
import { isStochastic, randomBits, type RtlDesign } from './design.js';

export function drainModule(design: RtlDesign): string {
  const { rows, cols, wordLength, accumulatorBits, lfsrBits } = design;
  const only = (text: string): string => (isStochastic(design) ? text : '');
  return /* SystemVerilog */ `// The left edge: a rounding unit a row, which gets its column's bias as it comes down from row to row, and the delays that
// bring the words of one column together again.
module drain #(
    parameter int ROWS   = ${rows},
    parameter int COLS   = ${cols},
    parameter int WL     = ${wordLength},
    parameter int ACC    = ${accumulatorBits}${only(`,
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
  localparam int COLUMN = COLS > 1 ? $clog2(COLS) : 1;
  localparam int STAGES = 3;

  // Column of row 0's next result.
  logic [COLUMN-1:0] column;
  always_ff @(posedge clk) begin
    if (reset) column <= '0;
    else if (advance && in_valid[0]) column <= column == COLUMN'(COLS - 1) ? '0 : column + 1'b1;
  end

  logic [ROWS*WL-1:0] bias;
  logic [ROWS*WL-1:0] words;
  assign bias[WL-1:0] = biases[column*WL+:WL];

  // Whether there is a result in each stage of the rounding units.
  logic [STAGES*ROWS-1:0] busy;
  always_ff @(posedge clk) begin
    if (reset) busy <= '0;
    else if (advance) busy <= {busy[(STAGES-1)*ROWS-1:0], in_valid};
  end

  for (genvar i = 0; i < ROWS; i++) begin : rows
    if (i > 0) begin : bias_from_above
      logic [WL-1:0] held;
      always_ff @(posedge clk) begin
        if (advance) held <= bias[(i-1)*WL+:WL];
      end
      assign bias[i*WL+:WL] = held;
    end

${only(`    // All but the RANDOM top bits go nowhere.
    /* verilator lint_off UNUSEDSIGNAL */
    logic [LFSR-1:0] random;
    /* verilator lint_on UNUSEDSIGNAL */
    lfsr #(.BITS(LFSR)) lfsr (
        .clk, .load,
        .seed(seeds[i*LFSR+:LFSR]),
        .draw(advance && busy[(STAGES-2)*ROWS+i]),
        .word(random)
    );

`)}    rounding_unit #(.WL(WL), .ACC(ACC)${only(', .RANDOM(RANDOM)')}) rounding_unit (
        .clk, .advance, .bias_shift, .shift, .limit,
        .sum   (in_sums[i*ACC+:ACC]),
        .bias  (bias[i*WL+:WL]),
${only(`        .random(random[LFSR-1-:RANDOM]),
`)}        .out   (words[i*WL+:WL])
    );
  end

  skew #(.LANES(ROWS), .WIDTH(WL), .REVERSED(1'b1)) realign (.clk, .advance, .in(words), .out(out_words));
  assign out_valid = busy[STAGES*ROWS-1];
endmodule
`;
}
