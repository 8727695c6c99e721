/** control.sv: which slice is fed when. */
import { moduleName, type RtlDesign } from './design.js';
import { requirements } from './requirement.js';

export function controlModule(design: RtlDesign): string {
  return /* SystemVerilog */ `// Walks through the blocks of one product: macro rows of panels block rows, in each all block columns, in each the macro
// row's block rows, and feeds the depth slices of each block. A block starts when its last slice cannot bring its results
// into the drain chain before those of the block ahead have passed: last slices lie 2 COLS - 1 cycles apart or more.
module ${moduleName(design, 'control')} #(
    parameter int COLS  = ${design.cols},
    parameter int COUNT = 24
) (
    input  logic             clk,
    input  logic             reset,
    input  logic             advance,
    // The product: slices of a block, blocks from top to bottom and from left to right, block rows of a macro row, and
    // whether the macro row's lhs panels stay in the buffer for all its block columns (else they are streamed again).
    input  logic             config_valid,
    output logic             config_ready,
    input  logic [COUNT-1:0] config_depth,
    input  logic [COUNT-1:0] config_block_rows,
    input  logic [COUNT-1:0] config_block_cols,
    input  logic [COUNT-1:0] config_panels,
    input  logic             config_resident,
    // The buffers.
    input  logic             lhs_available,
    input  logic             rhs_available,
    input  logic             bias_written,
    output logic             feed,
    output logic             feed_first,
    output logic             feed_last,
    output logic             lhs_release,
    output logic             lhs_rewind,
    output logic             rhs_release,
    output logic             rhs_rewind,
    // A column of results has left the array.
    input  logic             column_done
);
  localparam int SPACING = 2 * COLS - 1;
  localparam int GAP = $clog2(SPACING + 1);
${requirements(
  ['COLS >= 1 && COLS <= 256', 'COLS_must_be_1_to_256'],
  ['COUNT >= GAP && COUNT <= 31', 'COUNT_must_be_GAP_to_31'],
)}
  logic [COUNT-1:0] depth, block_rows, block_cols, panels;
  logic             resident;
  logic             feeding;
  // Where the feeding stands: slice of the block, block row and its place in the macro row, block column.
  logic [COUNT-1:0] slice, row, panel, col;
  // Cycles until a last slice may be fed again, biases that no block has yet, columns on their way.
  logic [GAP-1:0] gap;
  logic [    2:0] biases;
  logic [   15:0] columns;

  logic last_panel, last_col, last_row;
  assign last_row   = row == block_rows - 1'b1;
  assign last_panel = last_row || panel == panels - 1'b1;
  assign last_col   = col == block_cols - 1'b1;

  assign feed_first = slice == '0;
  assign feed_last  = slice == depth - 1'b1;
  assign feed = feeding && lhs_available && rhs_available && !(feed_first && COUNT'(gap) >= depth)
      && !(feed_last && biases == '0);

  // lhs panels are read once for each block column, rhs panels once for each block row of the macro row.
  assign lhs_release = last_col || !resident;
  assign lhs_rewind  = feed_last && last_panel && !lhs_release;
  assign rhs_release = last_panel;
  assign rhs_rewind  = feed_last && !last_panel;

  assign config_ready = !feeding && columns == '0;

  logic step, block_done;
  assign step       = advance && feed;
  assign block_done = step && feed_last;

  always_ff @(posedge clk) begin
    if (config_valid && config_ready) begin
      depth      <= config_depth;
      block_rows <= config_block_rows;
      block_cols <= config_block_cols;
      panels     <= config_panels;
      resident   <= config_resident;
      slice      <= '0;
      row        <= '0;
      panel      <= '0;
      col        <= '0;
    end else if (step) begin
      slice <= feed_last ? '0 : slice + 1'b1;
      if (feed_last) begin
        panel <= last_panel ? '0 : panel + 1'b1;
        if (last_panel) col <= last_col ? '0 : col + 1'b1;
        row <= last_panel && !last_col ? row - panel : row + 1'b1;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (reset) begin
      feeding <= 1'b0;
      gap     <= '0;
      biases  <= '0;
      columns <= '0;
    end else begin
      if (config_valid && config_ready) feeding <= 1'b1;
      else if (block_done && last_panel && last_col && last_row) feeding <= 1'b0;
      if (block_done) gap <= GAP'(SPACING - 1);
      else if (advance && gap != '0) gap <= gap - 1'b1;
      biases  <= biases + 3'(bias_written) - 3'(block_done);
      columns <= columns + (block_done ? 16'(COLS) : 16'd0) - 16'(column_done);
    end
  end
endmodule
`;
}
