/** array.sv: the grid of processing elements. */
import type { RtlDesign } from './design.js';

export function arrayModule({ rows, cols, wordLength, accumulatorBits }: RtlDesign): string {
  return /* SystemVerilog */ `// ROWS x COLS processing elements. A k-slice comes in at once; row i meets its word i cycles later, column j j cycles
// later. Sums leave at the left edge: row i in column order, one every second cycle.
module array #(
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
  // Wires between the PEs: index j of a row is what enters column j, index i of a column what enters row i. What leaves at
  // the right and at the bottom goes nowhere.
  /* verilator lint_off UNUSEDSIGNAL */
  logic [   ROWS*(COLS+1)-1:0] valid;
  logic [   ROWS*(COLS+1)-1:0] first;
  logic [   ROWS*(COLS+1)-1:0] last;
  logic [ROWS*(COLS+1)*WL-1:0] lhs;
  logic [(ROWS+1)*COLS*WL-1:0] rhs;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [   ROWS*(COLS+1)-1:0] drain_valid;
  logic [ROWS*(COLS+1)*ACC-1:0] drain;

  logic [ROWS*WL-1:0] skewed_lhs;

  skew #(.LANES(ROWS), .WIDTH(WL)) skew_lhs (.clk, .advance, .in(in_lhs), .out(skewed_lhs));
  skew #(.LANES(COLS), .WIDTH(WL)) skew_rhs (.clk, .advance, .in(in_rhs), .out(rhs[0+:COLS*WL]));

  for (genvar i = 0; i < ROWS; i++) begin : rows
    localparam int AT = i * (COLS + 1);

    // The tags go down the left edge as the lhs words are skewed.
    if (i == 0) begin : top_tags
      assign {valid[AT], first[AT], last[AT]} = {in_valid, in_first, in_last};
    end else begin : tags
      logic row_valid, row_first, row_last;
      always_ff @(posedge clk) begin
        if (advance) {row_first, row_last} <= {first[AT-COLS-1], last[AT-COLS-1]};
        if (reset) row_valid <= 1'b0;
        else if (advance) row_valid <= valid[AT-COLS-1];
      end
      assign {valid[AT], first[AT], last[AT]} = {row_valid, row_first, row_last};
    end

    assign lhs[AT*WL+:WL] = skewed_lhs[i*WL+:WL];
    assign drain_valid[AT+COLS] = 1'b0;
    assign drain[(AT+COLS)*ACC+:ACC] = '0;
    assign out_valid[i] = drain_valid[AT];
    assign out_sums[i*ACC+:ACC] = drain[AT*ACC+:ACC];

    for (genvar j = 0; j < COLS; j++) begin : cols
      pe #(.WL(WL), .ACC(ACC)) pe (
          .clk, .reset, .advance,
          .in_valid       (valid[AT+j]),
          .in_first       (first[AT+j]),
          .in_last        (last[AT+j]),
          .in_lhs         (lhs[(AT+j)*WL+:WL]),
          .in_rhs         (rhs[(i*COLS+j)*WL+:WL]),
          .out_valid      (valid[AT+j+1]),
          .out_first      (first[AT+j+1]),
          .out_last       (last[AT+j+1]),
          .out_lhs        (lhs[(AT+j+1)*WL+:WL]),
          .out_rhs        (rhs[((i+1)*COLS+j)*WL+:WL]),
          .drain_in_valid (drain_valid[AT+j+1]),
          .drain_in       (drain[(AT+j+1)*ACC+:ACC]),
          .drain_out_valid(drain_valid[AT+j]),
          .drain_out      (drain[(AT+j)*ACC+:ACC])
      );
    end
  end
endmodule
`;
}
