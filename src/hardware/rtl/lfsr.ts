/** lfsr.sv: the random words of a row; lfsr.ts of the simulator is its twin. */
import { LFSR_BITS } from '../array.js';
import { moduleName, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

export function lfsrModule(design: RtlDesign): string {
  const lengths = LFSR_BITS.map((bits) => `BITS == ${bits}`).join(' || ');
  return /* SystemVerilog */ `// Random words of one row: a Fibonacci shift register with taps of the longest period. A word is the state SHIFTS shifts on:
// at least BITS, so that no bit is seen twice, and without a common factor with the period, so that the words run through all
// states. As shifts are linear, each bit of a word is the parity of some bits of the state.
module ${moduleName(design, 'lfsr')} #(
    parameter int BITS = ${design.lfsrBits}
) (
    input  logic            clk,
    input  logic            load,
    input  logic [BITS-1:0] seed,
    input  logic            draw,
    output logic [BITS-1:0] word
);
${requirements([lengths, `BITS_must_be_${LFSR_BITS.join('_')}`])}
  // Tap t is bit t-1 of the state.
  localparam logic [BITS-1:0] TAPS =
      BITS == 8  ? BITS'(32'h000000B8) :  // 8 6 5 4
      BITS == 12 ? BITS'(32'h00000829) :  // 12 6 4 1
      BITS == 16 ? BITS'(32'h0000D008) :  // 16 15 13 4
      BITS == 20 ? BITS'(32'h00080114) :  // 20 9 5 3
      BITS == 24 ? BITS'(32'h00E10000) :  // 24 23 22 17
                   BITS'(32'h80200003);   // 32 22 2 1

  localparam int SHIFTS =
      BITS == 8 ? 13 : BITS == 12 ? 19 : BITS == 20 ? 26 : BITS == 24 ? 31 : BITS;

  // Row b: the bits of the state whose parity is bit b after SHIFTS shifts.
  function automatic logic [BITS*BITS-1:0] shifted_matrix();
    logic [BITS*BITS-1:0] rows;
    logic [     BITS-1:0] parity;
    integer b;
    integer s;
    for (b = 0; b < BITS; b = b + 1) rows[b*BITS+:BITS] = BITS'(1) << b;
    for (s = 0; s < SHIFTS; s = s + 1) begin
      parity = '0;
      for (b = 0; b < BITS; b = b + 1) if (TAPS[b]) parity = parity ^ rows[b*BITS+:BITS];
      rows = {rows[BITS*(BITS-1)-1:0], parity};
    end
    shifted_matrix = rows;
  endfunction
  localparam logic [BITS*BITS-1:0] MATRIX = shifted_matrix();

  logic [BITS-1:0] state;

  for (genvar b = 0; b < BITS; b++) begin : bits
    assign word[b] = ^(state & MATRIX[b*BITS+:BITS]);
  end

  always_ff @(posedge clk) begin
    if (load) state <= seed;
    else if (draw) state <= word;
  end
endmodule
`;
}
