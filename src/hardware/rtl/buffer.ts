/** buffer.sv: the operand buffers. */
import { moduleName, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

export function bufferModule(design: RtlDesign): string {
  return /* SystemVerilog */ `// A ring of SLICES words (a power of two) between a stream and the array. Words are read in order and stay until they are
// released, so that a panel of operands can be read again (rewind) while the stream writes the next one behind it.
// out_data follows one cycle behind read and holds until the next one.
module ${moduleName(design, 'buffer')} #(
    parameter int WIDTH  = 128,
    parameter int SLICES = 1024
) (
    input  logic             clk,
    input  logic             reset,
    input  logic             in_valid,
    output logic             in_ready,
    input  logic [WIDTH-1:0] in_data,
    // There is a word to read.
    output logic             available,
    input  logic             read,
    // With read: this word and all before it are not needed any more.
    input  logic             release_read,
    // With read: the next word is the oldest that is still needed.
    input  logic             rewind,
    output logic [WIDTH-1:0] out_data,
    // All places are taken by words that have been read and are still needed: what needs more places never ends.
    output logic             stuck
);
${requirements(['SLICES >= 2 && (SLICES & (SLICES - 1)) == 0', 'SLICES_must_be_a_power_of_two'])}
  localparam int ADDRESS = $clog2(SLICES);

  // One bit more than an address tells a full ring from an empty one.
  logic [ADDRESS:0] written;
  logic [ADDRESS:0] next;
  logic [ADDRESS:0] oldest;
  logic [WIDTH-1:0] words  [0:SLICES-1];

  assign in_ready  = written - oldest != (ADDRESS + 1)'(SLICES);
  assign available = next != written;
  assign stuck     = !in_ready && !available;

  always_ff @(posedge clk) begin
    if (in_valid && in_ready) words[written[ADDRESS-1:0]] <= in_data;
    if (read) out_data <= words[next[ADDRESS-1:0]];
  end

  always_ff @(posedge clk) begin
    if (reset) begin
      written <= '0;
      next    <= '0;
      oldest  <= '0;
    end else begin
      if (in_valid && in_ready) written <= written + 1'b1;
      if (read) next <= rewind ? oldest : next + 1'b1;
      if (read && release_read) oldest <= next + 1'b1;
    end
  end
endmodule
`;
}
