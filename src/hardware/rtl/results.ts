/** results.sv: the output, which stops the array while its results are not taken. */
import { moduleName, type RtlDesign } from './design.js';

export function resultsModule(design: RtlDesign): string {
  return /* SystemVerilog */ `// Two places between the array and the receiver of its results. The array stands still as a whole (advance is low) while
// both are taken, so nothing is lost and no wire leads from the receiver's ready to the array.
module ${moduleName(design, 'results')} #(
    parameter int WIDTH = 128
) (
    input  logic             clk,
    input  logic             reset,
    input  logic             in_valid,
    input  logic [WIDTH-1:0] in_data,
    output logic             advance,
    output logic             out_valid,
    input  logic             out_ready,
    output logic [WIDTH-1:0] out_data
);
  logic [WIDTH-1:0] second;
  logic [      1:0] count, count_next;
  logic push, pop;
  assign push       = advance && in_valid;
  assign pop        = out_valid && out_ready;
  assign count_next = count + 2'(push) - 2'(pop);
  assign out_valid  = count != 2'd0;

  always_ff @(posedge clk) begin
    if (pop && count == 2'd2) out_data <= second;
    else if (push && (pop || count == 2'd0)) out_data <= in_data;
    if (push) second <= in_data;
  end

  always_ff @(posedge clk) begin
    if (reset) begin
      count   <= 2'd0;
      advance <= 1'b1;
    end else begin
      count   <= count_next;
      advance <= count_next != 2'd2;
    end
  end
endmodule
`;
}
