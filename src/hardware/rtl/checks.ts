/**
 * checks.sv: assertions about the modules, bound to them from outside, so that synthesis and Icarus Verilog, which has no
 * concurrent assertions, do not see them. Verilator checks them with --assert.
 */
import { isStochastic, moduleName, type RtlDesign } from './design.js';

/** @param exact whether the sums of the products must fit in the accumulators; else they may wrap */
export function checksModule(design: RtlDesign, { exact }: { readonly exact: boolean }): string {
  const { rows, wordLength, accumulatorBits, overflow } = design;
  const name = (module: string): string => moduleName(design, module);
  const only = (condition: boolean, text: string): string => (condition ? text : '');
  const saturates = overflow === 'saturate';
  return /* SystemVerilog */ `// Assertions for simulators with SystemVerilog's concurrent ones (verilator --assert); bound to the modules from outside, so that
// the sources stay free of them. A failure ends the simulation with the label of the assertion.
module ${name('top_checks')} #(
    parameter int WIDTH_LHS = 1, WIDTH_RHS = 1, WIDTH_RESULT = 1
) (
    input logic clk, reset, config_valid, config_ready, lhs_valid, lhs_ready, rhs_valid, rhs_ready, bias_valid, bias_ready,
    input logic result_valid, result_ready, error,
    input logic [WIDTH_LHS-1:0] lhs_data,
    input logic [WIDTH_RHS-1:0] rhs_data, bias_data,
    input logic [WIDTH_RESULT-1:0] result_data
);
  // What is offered stays until it is taken: the inputs' part of the contract, and the output's.
  config_stays: assert property (@(posedge clk) disable iff (reset) config_valid && !config_ready |=> config_valid);
  lhs_stays: assert property (@(posedge clk) disable iff (reset) lhs_valid && !lhs_ready |=> lhs_valid && $stable(lhs_data));
  rhs_stays: assert property (@(posedge clk) disable iff (reset) rhs_valid && !rhs_ready |=> rhs_valid && $stable(rhs_data));
  bias_stays: assert property (@(posedge clk) disable iff (reset) bias_valid && !bias_ready |=> bias_valid && $stable(bias_data));
  result_stays: assert property (@(posedge clk) disable iff (reset)
      result_valid && !result_ready |=> result_valid && $stable(result_data));
  // Every product is one that the design can compute.
  no_error: assert property (@(posedge clk) disable iff (reset) !error);
endmodule
bind ${name('top')} ${name('top_checks')} #(.WIDTH_LHS(ROWS * WL), .WIDTH_RHS(COLS * WL), .WIDTH_RESULT(ROWS * WL)) checks (.*);

module ${name('control_checks')} (
    input logic clk, reset, block_done, column_done,
    input logic [2:0] biases,
    input logic [15:0] columns
);
  // A block ends only when its bias is there, and no column leaves that no block has sent.
  bias_is_there: assert property (@(posedge clk) disable iff (reset) block_done |-> biases != 0);
  column_is_due: assert property (@(posedge clk) disable iff (reset) column_done |-> columns != 0);
endmodule
bind ${name('control')} ${name('control_checks')} checks (.*);

module ${name('buffer_checks')} #(
    parameter int SLICES = 2, ADDRESS = 1
) (
    input logic clk, reset, available, read,
    input logic [ADDRESS:0] written, next, oldest
);
  // Only what has been written is read, and what is still needed is not overwritten.
  word_is_there: assert property (@(posedge clk) disable iff (reset) read |-> available);
  ring_holds: assert property (@(posedge clk) disable iff (reset) written - oldest <= (ADDRESS + 1)'(SLICES));
  next_is_held: assert property (@(posedge clk) disable iff (reset) written - next <= written - oldest);
endmodule
bind ${name('buffer')} ${name('buffer_checks')} #(.SLICES(SLICES), .ADDRESS(ADDRESS)) checks (.*);

module ${name('pe_checks')} #(
    parameter int ACC = ${accumulatorBits}, PRODUCT = 1
) (
    input logic clk, reset, advance, out_valid, out_first, done, drain_in_valid,
    input logic signed [PRODUCT-1:0] product,
    input logic signed [ACC-1:0] sum
);
  logic signed [ACC:0] next;
  assign next = (out_first ? '0 : (ACC + 1)'(sum)) + (ACC + 1)'(product);
${only(
  exact,
  `  // The sums of these products fit.
  sum_fits: assert property (@(posedge clk) disable iff (reset) advance && out_valid |-> next[ACC] == next[ACC-1]);
`,
)}  // The results of two blocks never meet on their way out.
  drain_is_free: assert property (@(posedge clk) disable iff (reset) !(done && drain_in_valid));
endmodule
bind ${name('pe')} ${name('pe_checks')} #(.ACC(ACC), .PRODUCT(PRODUCT)) checks (.*);

module ${name('drain_checks')} #(
    parameter int ROWS = ${rows}, WL = ${wordLength}
) (
    input logic clk, reset, out_valid,
    input logic [WL-1:0] limit,
    input logic [ROWS*WL-1:0] out_words
);
  // Every word is one of the output format.
  for (genvar i = 0; i < ROWS; i++) begin : rows
    word_in_format: assert property (@(posedge clk) disable iff (reset) out_valid
        |-> $signed(out_words[i*WL+:WL]) <= $signed(limit) && $signed(out_words[i*WL+:WL]) >= $signed(~limit));
  end
endmodule
bind ${name('drain')} ${name('drain_checks')} #(.ROWS(ROWS), .WL(WL)) checks (.*);
${only(
  saturates,
  `
module ${name('rounding_unit_checks')} #(
    parameter int WL = ${wordLength}, BITS = 1
) (
    input logic clk, advance,
    input logic [WL-1:0] limit, out,
    input logic [BITS-1:0] rounded
);
  // A value beyond the format becomes the limit on its side.
  high_saturates: assert property (@(posedge clk)
      advance && $signed(rounded) > $signed({{(BITS - WL){1'b0}}, limit}) |=> out == $past(limit));
  low_saturates: assert property (@(posedge clk)
      advance && $signed(rounded) < $signed({{(BITS - WL){1'b1}}, ~limit}) |=> out == $past(~limit));
endmodule
bind ${name('rounding_unit')} ${name('rounding_unit_checks')} #(.WL(WL), .BITS(ACC + WL)) checks (.*);
`,
)}${only(
    isStochastic(design),
    `
module ${name('lfsr_checks')} #(
    parameter int BITS = 8
) (
    input logic clk, load, draw,
    input logic [BITS-1:0] seed, state
);
  // A register that is 0 stays 0; any other runs through all its states.
  seed_is_set: assert property (@(posedge clk) load |-> seed != 0);
  draws_differ: assert property (@(posedge clk) !load && draw && state != 0 |=> !$stable(state));
endmodule
bind ${name('lfsr')} ${name('lfsr_checks')} #(.BITS(BITS)) checks (.*);
`,
  )}`;
}
