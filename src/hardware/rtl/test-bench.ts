/**
 * tb.sv and source.sv: a test bench that compares the output with the files of vectors.ts, under both
 * Verilator and Icarus Verilog.
 */
import { isStochastic, moduleName, type RtlDesign } from './design.js';
import type { VectorCounts } from './vectors.js';

/** source.sv: a stream of words from a file. */
export function sourceModule(design: RtlDesign): string {
  return /* SystemVerilog */ `// A stream of the words of a file, for the test bench: as fast as it is taken, or with pauses. Half of the words are followed by a
// pause of up to LONGEST cycles.
module ${moduleName(design, 'source')} #(
    parameter int WIDTH = 8,
    parameter int WORDS = 1,
    parameter FILE = "words.hex",
    parameter int SEED = 1,
    parameter int LONGEST = 1
) (
    input  logic             clk,
    input  logic             restart,
    input  logic             pauses,
    output logic             valid,
    input  logic             ready,
    output logic [WIDTH-1:0] data
);
  logic [WIDTH-1:0] words[0:WORDS-1];
  initial $readmemh(FILE, words);

  int unsigned at, next, random, pause;
  assign next = valid && ready ? at + 1 : at;
  assign data = words[at < WORDS ? at : 0];

  always_ff @(posedge clk) begin
    if (restart) begin
      at     <= 0;
      valid  <= 1'b0;
      random <= SEED;
      pause  <= 0;
    end else begin
      at     <= next;
      random <= random * 1664525 + 1013904223;
      // An offered word stays until it is taken.
      if (pause != 0) pause <= pause - 1;
      else if (!valid || ready) begin
        valid <= next < WORDS && !(pauses && random[31]);
        if (pauses && random[31]) pause <= (random >> 8) % $unsigned(LONGEST);
      end
    end
  end
endmodule
`;
}

export function testBenchModule(design: RtlDesign, counts: VectorCounts): string {
  const { rows, cols, wordLength, lfsrBits, depth } = design;
  const name = (module: string): string => moduleName(design, module);
  const only = (text: string): string => (isStochastic(design) ? text : '');
  const { products, lhs, rhs, bias, columns } = counts;
  return /* SystemVerilog */ `// Feeds the vectors in vectors/ to the array and compares every word: once at full speed, once with pauses on all streams. It gives
// up a pass when the design refuses a product, or hangs.
module ${name('tb')};
  localparam int ROWS = ${rows};
  localparam int COLS = ${cols};
  localparam int WL = ${wordLength};
  localparam int SEEDS = ${only(`ROWS * ${lfsrBits}`) || '1'};
  localparam int COLUMNS = ${columns};
  // Slices that an operand buffer holds.
  localparam int RING = ${2 * depth};
  // More cycles without a handshake than a design needs that works: a block out of full buffers, and the way through the array.
  localparam int PATIENCE = RING + 4 * (ROWS + COLS) + 1000;

  logic clk = 1'b0;
  always #5 clk = !clk;

  logic reset, restart, pauses, held;
  logic config_valid, config_ready, lhs_valid, lhs_ready, rhs_valid, rhs_ready, bias_valid, bias_ready;
  logic result_valid, result_ready, error;
  logic [  ROWS*WL-1:0] lhs_data, result_data;
  logic [  COLS*WL-1:0] rhs_data, bias_data;
  logic [          23:0] depth, block_rows, block_cols, panels;
  logic [           7:0] resident, shift, bias_shift;
  logic [          31:0] limit;
  logic [     SEEDS-1:0] seeds;

  ${name('source')} #(.WIDTH(SEEDS + 152), .WORDS(${products}), .FILE("vectors/config.hex"), .SEED(1)) configs (
      .clk, .restart(restart || held), .pauses, .valid(config_valid), .ready(config_ready),
      .data({seeds, limit, bias_shift, shift, resident, panels, block_cols, block_rows, depth})
  );
  ${name('source')} #(.WIDTH(ROWS * WL), .WORDS(${lhs}), .FILE("vectors/lhs.hex"), .SEED(2)) lhs (
      .clk, .restart, .pauses, .valid(lhs_valid), .ready(lhs_ready), .data(lhs_data)
  );
  ${name('source')} #(.WIDTH(COLS * WL), .WORDS(${rhs}), .FILE("vectors/rhs.hex"), .SEED(3)) rhs (
      .clk, .restart, .pauses, .valid(rhs_valid), .ready(rhs_ready), .data(rhs_data)
  );
  ${name('source')} #(.WIDTH(COLS * WL), .WORDS(${bias}), .FILE("vectors/bias.hex"), .SEED(4), .LONGEST(8 * COLS)) biases (
      .clk, .restart, .pauses, .valid(bias_valid), .ready(bias_ready), .data(bias_data)
  );

  ${name('top')} dut (
      .clk, .reset, .config_valid, .config_ready,
      .config_depth     (depth),
      .config_block_rows(block_rows),
      .config_block_cols(block_cols),
      .config_panels    (panels),
      .config_resident  (resident[0]),
      .config_shift     (shift[6:0]),
      .config_bias_shift(bias_shift[5:0]),
      .config_limit     (limit[WL-1:0]),
${only(`      .config_seeds     (seeds),
`)}      .lhs_valid, .lhs_ready, .lhs_data, .rhs_valid, .rhs_ready, .rhs_data, .bias_valid, .bias_ready, .bias_data,
      .result_valid, .result_ready, .result_data, .error
  );

  // The expected output, column by column, and its valid rows (the others are padding).
  logic [ROWS*WL-1:0] wanted[0:COLUMNS-1];
  logic [   ROWS-1:0] counts[0:COLUMNS-1];
  initial $readmemh("vectors/results.hex", wanted);
  initial $readmemh("vectors/counts.hex", counts);

  int column, cycles, idle, words, mistakes, random;
  logic [ROWS*WL-1:0] wanted_now;
  logic [   ROWS-1:0] counts_now;

  // Between rising edges, so that the values seen are those on which the next edge acts.
  function automatic logic handshake();
    handshake = (config_valid && config_ready) || (lhs_valid && lhs_ready) || (rhs_valid && rhs_ready)
        || (bias_valid && bias_ready) || (result_valid && result_ready);
  endfunction

  initial begin
    reset = 1'b1;
    restart = 1'b1;
    pauses = 1'b0;
    held = 1'b0;
    random = 5;
    words = 0;
    mistakes = 0;
    result_ready = 1'b0;
    repeat (4) @(negedge clk);
    repeat (2) begin
      restart = 1'b0;
      reset = 1'b0;
      column = 0;
      cycles = 0;
      idle = 0;
      while (column < COLUMNS && idle < PATIENCE && !error) begin
        // With pauses the first product comes when the buffers are full.
        held = pauses && cycles < RING + 8;
        random = random * 1664525 + 1013904223;
        result_ready = !(pauses && random[31]);
        if (result_valid && result_ready) begin
          wanted_now = wanted[column];
          counts_now = counts[column];
          for (int row = 0; row < ROWS; row++) begin
            if (counts_now[row]) begin
              words = words + 1;
              if (result_data[row*WL+:WL] !== wanted_now[row*WL+:WL]) begin
                mistakes = mistakes + 1;
                if (mistakes <= 10) begin
                  $display("column %0d row %0d: got %h, must be %h", column, row, result_data[row*WL+:WL],
                           wanted_now[row*WL+:WL]);
                end
              end
            end
          end
          column = column + 1;
        end
        idle = handshake() || held ? 0 : idle + 1;
        @(negedge clk);
        cycles = cycles + 1;
      end
      $write("%0d of %0d columns in %0d cycles", column, COLUMNS, cycles);
      if (pauses) $display(", with pauses");
      else $display("");
      if (column != COLUMNS) mistakes = mistakes + 1;
      if (error) $display("error: the design has refused a product");
      else if (idle == PATIENCE) $display("hangs: no handshake for %0d cycles", idle);
      // The second pass begins from a reset if the first one has not come to its end.
      reset = column != COLUMNS;
      result_ready = 1'b0;
      restart = 1'b1;
      pauses = 1'b1;
      repeat (2) @(negedge clk);
    end
    if (mistakes == 0) $display("PASS: %0d words compared, no mistakes", words);
    else $display("FAIL: %0d words compared, %0d mistakes", words, mistakes);
    $finish;
  end
endmodule
`;
}
