/** skew.sv: the triangles of delays before and behind the array. */
import { moduleName, type RtlDesign } from './design.js';

export function skewModule(design: RtlDesign): string {
  return /* SystemVerilog */ `// Delays lane i of a vector by i cycles (REVERSED: by LANES-1-i): skews operands in, and re-aligns results.
module ${moduleName(design, 'skew')} #(
    parameter int LANES    = 8,
    parameter int WIDTH    = 16,
    parameter bit REVERSED = 1'b0
) (
    // A single lane needs neither.
    /* verilator lint_off UNUSEDSIGNAL */
    input  logic                   clk,
    input  logic                   advance,
    /* verilator lint_on UNUSEDSIGNAL */
    input  logic [LANES*WIDTH-1:0] in,
    output logic [LANES*WIDTH-1:0] out
);
  for (genvar lane = 0; lane < LANES; lane++) begin : lanes
    localparam int DELAY = REVERSED ? LANES - 1 - lane : lane;
    if (DELAY == 0) begin : direct
      assign out[lane*WIDTH+:WIDTH] = in[lane*WIDTH+:WIDTH];
    end else begin : delayed
      logic [DELAY*WIDTH-1:0] line;
      always_ff @(posedge clk) begin
        if (advance) line <= (DELAY * WIDTH)'({line, in[lane*WIDTH+:WIDTH]});
      end
      assign out[lane*WIDTH+:WIDTH] = line[(DELAY-1)*WIDTH+:WIDTH];
    end
  end
endmodule
`;
}
