/** array.sv: the grid of processing elements. */
import { moduleName, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

export function arrayModule(design: RtlDesign): string {
  const { rows, cols, wordLength, accumulatorBits } = design;
  const skew = moduleName(design, 'skew');
  return /* SystemVerilog */ `// ROWS x COLS processing elements. A k-slice comes in at once; row i meets its word i cycles later, column j j cycles
// later. Sums leave at the left edge: row i in column order, one every second cycle.
module ${moduleName(design, 'array')} #(
    parameter int ROWS = ${rows},
    parameter int COLS = ${cols},
    parameter int WL   = ${wordLength},
    parameter int ACC  = ${accumulatorBits}
) (
    input  logic                clk,
    input  logic                reset,
    input  logic                advance,
    input  logic                in_valid,
    input  logic                in_first,
    input  logic                in_last,
    input  logic [ ROWS*WL-1:0] in_lhs,
    input  logic [ COLS*WL-1:0] in_rhs,
    output logic [    ROWS-1:0] out_valid,
    output logic [ROWS*ACC-1:0] out_sums
);
${requirements(
  ['ROWS >= 1 && ROWS <= 256', 'ROWS_must_be_1_to_256'],
  ['COLS >= 1 && COLS <= 256', 'COLS_must_be_1_to_256'],
)}
  logic [ROWS*WL-1:0] skewed_lhs;
  logic [COLS*WL-1:0] skewed_rhs;
  ${skew} #(.LANES(ROWS), .WIDTH(WL)) skew_lhs (.clk, .advance, .in(in_lhs), .out(skewed_lhs));
  ${skew} #(.LANES(COLS), .WIDTH(WL)) skew_rhs (.clk, .advance, .in(in_rhs), .out(skewed_rhs));

  // Each PE has its wires: in_* is what enters it, the others leave it to the right (valid, first, last, lhs), downwards (rhs)
  // and to the left (drain). One vector for all PEs would wake every reader of it in an event-driven simulator.
  for (genvar i = 0; i < ROWS; i++) begin : rows
    // The tags go down the left edge as the lhs words are skewed.
    logic row_valid, row_first, row_last;
    if (i == 0) begin : tags_of_the_slice
      assign {row_valid, row_first, row_last} = {in_valid, in_first, in_last};
    end else begin : tags_from_above
      always_ff @(posedge clk) begin
        if (advance) {row_first, row_last} <= {rows[i-1].row_first, rows[i-1].row_last};
        if (reset) row_valid <= 1'b0;
        else if (advance) row_valid <= rows[i-1].row_valid;
      end
    end

    for (genvar j = 0; j < COLS; j++) begin : cols
      logic in_pe_valid, in_pe_first, in_pe_last, in_drain_valid, drain_valid;
      logic [WL-1:0] in_pe_lhs, in_pe_rhs;
      logic [ACC-1:0] in_drain, drain;
      // What leaves at the right and at the bottom goes nowhere.
      /* verilator lint_off UNUSEDSIGNAL */
      logic valid, first, last;
      logic [WL-1:0] lhs, rhs;
      /* verilator lint_on UNUSEDSIGNAL */

      if (j == 0) begin : from_the_edge
        assign {in_pe_valid, in_pe_first, in_pe_last} = {row_valid, row_first, row_last};
        assign in_pe_lhs = skewed_lhs[i*WL+:WL];
      end else begin : from_the_left
        assign {in_pe_valid, in_pe_first, in_pe_last} = {cols[j-1].valid, cols[j-1].first, cols[j-1].last};
        assign in_pe_lhs = cols[j-1].lhs;
      end
      if (i == 0) begin : from_the_top
        assign in_pe_rhs = skewed_rhs[j*WL+:WL];
      end else begin : from_above
        assign in_pe_rhs = rows[i-1].cols[j].rhs;
      end
      if (j == COLS - 1) begin : drain_begins
        assign {in_drain_valid, in_drain} = '0;
      end else begin : drain_from_the_right
        assign {in_drain_valid, in_drain} = {cols[j+1].drain_valid, cols[j+1].drain};
      end

      ${moduleName(design, 'pe')} #(.WL(WL), .ACC(ACC)) pe (
          .clk, .reset, .advance,
          .in_valid       (in_pe_valid),
          .in_first       (in_pe_first),
          .in_last        (in_pe_last),
          .in_lhs         (in_pe_lhs),
          .in_rhs         (in_pe_rhs),
          .out_valid      (valid),
          .out_first      (first),
          .out_last       (last),
          .out_lhs        (lhs),
          .out_rhs        (rhs),
          .drain_in_valid (in_drain_valid),
          .drain_in       (in_drain),
          .drain_out_valid(drain_valid),
          .drain_out      (drain)
      );
    end

    assign out_valid[i] = cols[0].drain_valid;
    assign out_sums[i*ACC+:ACC] = cols[0].drain;
  end
endmodule
`;
}
