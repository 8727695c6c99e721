/** top.sv: the complete design behind valid/ready streams. */
import { isStochastic, moduleName, randomBits, roundStages, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

export function topModule(design: RtlDesign): string {
  const { rows, cols, wordLength, accumulatorBits, depth, lfsrBits } = design;
  const name = (module: string): string => moduleName(design, module);
  const only = (text: string): string => (isStochastic(design) ? text : '');
  return /* SystemVerilog */ `// The array with its buffers, control and rounding units, behind valid/ready streams. A product is: its configuration, then
// slices and biases in the order in which control walks (README.md); out come its blocks' columns of ROWS words.
module ${name('top')} #(
    parameter int ROWS   = ${rows},
    parameter int COLS   = ${cols},
    parameter int WL     = ${wordLength},
    parameter int ACC    = ${accumulatorBits},
    parameter int DEPTH  = ${depth},
    parameter int STAGES = ${roundStages(design)},
${only(`    parameter int LFSR   = ${lfsrBits},
    parameter int RANDOM = ${randomBits(design)},
`)}    parameter int COUNT  = 24
) (
    input  logic                 clk,
    input  logic                 reset,
    input  logic                 config_valid,
    output logic                 config_ready,
    input  logic [    COUNT-1:0] config_depth,
    input  logic [    COUNT-1:0] config_block_rows,
    input  logic [    COUNT-1:0] config_block_cols,
    input  logic [    COUNT-1:0] config_panels,
    input  logic                 config_resident,
    input  logic [          6:0] config_shift,
    input  logic [          5:0] config_bias_shift,
    input  logic [       WL-1:0] config_limit,
${only('    input  logic [ROWS*LFSR-1:0] config_seeds,\n')}    input  logic                 lhs_valid,
    output logic                 lhs_ready,
    input  logic [  ROWS*WL-1:0] lhs_data,
    input  logic                 rhs_valid,
    output logic                 rhs_ready,
    input  logic [  COLS*WL-1:0] rhs_data,
    input  logic                 bias_valid,
    output logic                 bias_ready,
    input  logic [  COLS*WL-1:0] bias_data,
    output logic                 result_valid,
    input  logic                 result_ready,
    output logic [  ROWS*WL-1:0] result_data,
    // A product that this design cannot compute (README.md): nothing comes out until the next reset.
    output logic                 error
);
${requirements(['DEPTH >= 1 && DEPTH <= 65536 && (DEPTH & (DEPTH - 1)) == 0', 'DEPTH_must_be_a_power_of_two'])}
  logic advance;
  logic feed, feed_first, feed_last;
  logic lhs_available, lhs_release, lhs_rewind;
  logic rhs_available, rhs_release, rhs_rewind;
  logic column_valid;

  logic       load;
  logic [6:0] shift;
  logic [5:0] bias_shift;
  logic [WL-1:0] limit;
  assign load = config_valid && config_ready;

  // Sizes of 0 would never end, other shifts, limits and seeds would round wrongly.
  logic refused, lhs_stuck, rhs_stuck;
${only(`  logic [ROWS-1:0] seed_is_zero;
  for (genvar i = 0; i < ROWS; i++) begin : seed_checks
    assign seed_is_zero[i] = config_seeds[i*LFSR+:LFSR] == '0;
  end
`)}  assign refused = config_depth == '0 || config_block_rows == '0 || config_block_cols == '0 || config_panels == '0
      || $signed(config_shift) < -$signed(7'(WL)) || config_limit == '0 || config_limit[WL-1]
      || (config_limit & (config_limit + 1'b1)) != '0${only(" || seed_is_zero != '0")};
  always_ff @(posedge clk) begin
    if (reset) error <= 1'b0;
    else if ((load && refused) || lhs_stuck || rhs_stuck) error <= 1'b1;
  end

  always_ff @(posedge clk) if (load) {shift, bias_shift, limit} <= {config_shift, config_bias_shift, config_limit};

  logic control_ready;
  assign config_ready = control_ready && !error;
  ${name('control')} #(.COLS(COLS), .COUNT(COUNT)) control (
      .clk, .reset, .advance, .config_valid(config_valid && !error && !refused), .config_ready(control_ready), .config_depth, .config_block_rows, .config_block_cols,
      .config_panels, .config_resident, .lhs_available, .rhs_available,
      .bias_written(bias_valid && bias_ready),
      .feed, .feed_first, .feed_last, .lhs_release, .lhs_rewind, .rhs_release, .rhs_rewind,
      .column_done (advance && column_valid)
  );

  logic [ROWS*WL-1:0] lhs;
  logic [COLS*WL-1:0] rhs;
  logic [COLS*WL-1:0] biases;

  ${name('buffer')} #(.WIDTH(ROWS * WL), .SLICES(2 * DEPTH)) lhs_buffer (
      .clk, .reset,
      .in_valid(lhs_valid), .in_ready(lhs_ready), .in_data(lhs_data),
      .available(lhs_available), .read(advance && feed), .release_read(lhs_release), .rewind(lhs_rewind), .out_data(lhs),
      .stuck(lhs_stuck)
  );
  ${name('buffer')} #(.WIDTH(COLS * WL), .SLICES(2 * DEPTH)) rhs_buffer (
      .clk, .reset,
      .in_valid(rhs_valid), .in_ready(rhs_ready), .in_data(rhs_data),
      .available(rhs_available), .read(advance && feed), .release_read(rhs_release), .rewind(rhs_rewind), .out_data(rhs),
      .stuck(rhs_stuck)
  );

  // The destination of the slices fed in the last cycle; done follows a block's last slice to PE (0, 0).
  logic in_valid, in_first, in_last;
  logic [2:0] last_fed;
  always_ff @(posedge clk) begin
    if (advance) {in_first, in_last} <= {feed_first, feed_last};
    if (reset) in_valid <= 1'b0;
    else if (advance) in_valid <= feed;
    if (reset) last_fed <= '0;
    else if (advance) last_fed <= {last_fed[1:0], feed && feed_last};
  end

  // A block's biases are read one cycle before its first result meets row 0's rounding unit, and stay for all its columns.
  logic unused_available, unused_stuck;
  ${name('buffer')} #(.WIDTH(COLS * WL), .SLICES(4)) bias_buffer (
      .clk, .reset,
      .in_valid(bias_valid), .in_ready(bias_ready), .in_data(bias_data),
      .available(unused_available), .read(advance && last_fed[2]), .release_read(1'b1), .rewind(1'b0), .out_data(biases),
      .stuck(unused_stuck)
  );

  logic [    ROWS-1:0] sums_valid;
  logic [ROWS*ACC-1:0] sums;
  ${name('array')} #(.ROWS(ROWS), .COLS(COLS), .WL(WL), .ACC(ACC)) array (
      .clk, .reset, .advance, .in_valid, .in_first, .in_last,
      .in_lhs(lhs), .in_rhs(rhs), .out_valid(sums_valid), .out_sums(sums)
  );

  logic [ROWS*WL-1:0] column;
  ${name('drain')} #(.ROWS(ROWS), .COLS(COLS), .WL(WL), .ACC(ACC), .STAGES(STAGES)${only(', .LFSR(LFSR), .RANDOM(RANDOM)')}) drain (
      .clk, .reset, .advance, ${only('.load, .seeds(config_seeds), ')}.bias_shift, .shift, .limit,
      .in_valid(sums_valid), .in_sums(sums), .biases, .out_valid(column_valid), .out_words(column)
  );

  ${name('results')} #(.WIDTH(ROWS * WL)) results (
      .clk, .reset, .in_valid(column_valid), .in_data(column), .advance,
      .out_valid(result_valid), .out_ready(result_ready), .out_data(result_data)
  );
endmodule
`;
}
