/** pe.sv: a processing element. */
import { moduleName, type RtlDesign } from './design.js';

export function peModule(design: RtlDesign): string {
  const { wordLength, accumulatorBits } = design;
  return /* SystemVerilog */ `// One processing element: multiplies, accumulates, and hands its operands on to the right and downwards.
// The tags (valid, first, last) travel with the lhs word. One cycle after the last product of a block the sum goes into
// the drain register, and from there to the left, one PE a cycle, while the next block is being summed.
// With WL up to 18 and ACC up to 48 the multiplier, the adder and sum are one DSP48E1.
module ${moduleName(design, 'pe')} #(
    parameter int WL  = ${wordLength},
    parameter int ACC = ${accumulatorBits}
) (
    input  logic                  clk,
    input  logic                  reset,
    input  logic                  advance,
    input  logic                  in_valid,
    input  logic                  in_first,
    input  logic                  in_last,
    input  logic signed [WL-1:0]  in_lhs,
    input  logic signed [WL-1:0]  in_rhs,
    output logic                  out_valid,
    output logic                  out_first,
    output logic                  out_last,
    output logic signed [WL-1:0]  out_lhs,
    output logic signed [WL-1:0]  out_rhs,
    input  logic                  drain_in_valid,
    input  logic        [ACC-1:0] drain_in,
    output logic                  drain_out_valid,
    output logic        [ACC-1:0] drain_out
);
  // Bits of a product that can reach the sum.
  localparam int PRODUCT = 2 * WL < ACC ? 2 * WL : ACC;

  logic signed [PRODUCT-1:0] product;
  logic signed [    ACC-1:0] sum;
  logic                      done;

  assign product = PRODUCT'(out_lhs) * PRODUCT'(out_rhs);

  always_ff @(posedge clk) begin
    if (advance) begin
      out_first <= in_first;
      out_last  <= in_last;
      out_lhs   <= in_lhs;
      out_rhs   <= in_rhs;
      if (out_valid) sum <= (out_first ? '0 : sum) + ACC'(product);
      drain_out <= done ? sum : drain_in;
    end
  end

  always_ff @(posedge clk) begin
    if (reset) begin
      out_valid       <= 1'b0;
      done            <= 1'b0;
      drain_out_valid <= 1'b0;
    end else if (advance) begin
      out_valid       <= in_valid;
      done            <= out_valid && out_last;
      drain_out_valid <= done || drain_in_valid;
    end
  end
endmodule
`;
}
