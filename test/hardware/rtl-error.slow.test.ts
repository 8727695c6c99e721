/** Configurations that cannot work raise the output `error`; a design that hangs ends its test bench. Both run under Icarus Verilog. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { needs, STOCHASTIC, write } from './rtl-designs.js';

/** A bench with endless streams that sends one configuration and reports. */
const BENCH = `module bench;
  logic clk = 0, reset = 1;
  always #5 clk = !clk;
  logic config_ready, result_valid, error, sent = 0;
  int k = 2, rows = 3, cols = 2, panels = 1, resident = 0, shift = 0, limit = 32767, seed = 1, columns = 0, given;
  fewbit_top dut (
      .clk, .reset, .config_valid(!reset && !sent), .config_ready, .config_depth(k[23:0]), .config_block_rows(rows[23:0]),
      .config_block_cols(cols[23:0]), .config_panels(panels[23:0]), .config_resident(resident[0]), .config_shift(shift[6:0]),
      .config_bias_shift(6'd0), .config_limit(limit[15:0]), .config_seeds({12'd2, seed[11:0], 12'd1}),
      .lhs_valid(!reset), .lhs_data(48'd0), .rhs_valid(!reset), .rhs_data(32'd0), .bias_valid(!reset), .bias_data(32'd0),
      .result_valid, .result_ready(1'b1), .error
  );
  always @(posedge clk) begin
    if (config_ready && !reset) sent <= 1;
    if (result_valid) columns <= columns + 1;
  end
  initial begin
    given = $value$plusargs("k=%d", k);
    given = $value$plusargs("rows=%d", rows);
    given = $value$plusargs("cols=%d", cols);
    given = $value$plusargs("panels=%d", panels);
    given = $value$plusargs("resident=%d", resident);
    given = $value$plusargs("shift=%d", shift);
    given = $value$plusargs("limit=%d", limit);
    given = $value$plusargs("seed=%d", seed);
    repeat (3) @(negedge clk);
    reset = 0;
    repeat (2000) @(negedge clk);
    $display("error %b ready %b columns %0d", error, config_ready, columns);
    $finish;
  end
endmodule
`;

function report(values: Readonly<Record<string, number>>): string {
  const place = write(STOCHASTIC, 'error');
  writeFileSync(join(place, 'bench.sv'), BENCH);
  const sources = /^DESIGN = (.*)$/m.exec(readFileSync(join(place, 'Makefile'), 'utf8'))![1]!.split(' ');
  execFileSync('iverilog', ['-g2012', '-s', 'bench', '-o', 'bench.vvp', 'bench.sv', ...sources], {
    cwd: place,
  });
  const args = Object.entries(values).map(([name, value]) => `+${name}=${value}`);
  return execFileSync('vvp', ['-n', 'bench.vvp', ...args], { cwd: place, encoding: 'utf8' }).trim();
}

// The rings hold 8 slices, blocks have 2 columns.
it.for([
  [{}, 12],
  [{ k: 9 }, 12],
  [{ resident: 1, panels: 3 }, 12],
  [{ resident: 1, panels: 2, k: 4 }, 12],
  [{ panels: 3, k: 8 }, 12],
  [{ resident: 1, cols: 1, panels: 1, k: 20 }, 6],
  [{ shift: -16, limit: 1 }, 12],
  [{ shift: 62 }, 12],
] as const)('%o works', { timeout: 60_000 }, ([values, columns], { skip }) => {
  needs(skip, 'iverilog', 'vvp');
  expect(report(values)).toBe(`error 0 ready 1 columns ${columns}`);
});

it.for([
  { k: 0 },
  { rows: 0 },
  { cols: 0 },
  { panels: 0 },
  { resident: 1, k: 9 },
  { resident: 1, panels: 3, k: 3 },
  { panels: 2, k: 9 },
  { shift: -17 },
  { limit: 0 },
  { limit: 5 },
  { limit: 65535 },
  { seed: 0 },
])('%o raises error', { timeout: 60_000 }, (values, { skip }) => {
  needs(skip, 'iverilog', 'vvp');
  expect(report(values)).toMatch(/^error 1 ready 0 /);
});

it('ends the test bench of a design that hangs', { timeout: 60_000 }, ({ skip }) => {
  needs(skip, 'iverilog', 'vvp', 'make');
  const place = write({ ...STOCHASTIC, rows: 1, cols: 1, depth: 512 }, 'hangs');
  const path = join(place, 'fewbit_control.sv');
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/assign lhs_rewind {2}= .*;/, "assign lhs_rewind = 1'b0;");
  expect(changed).not.toBe(text);
  writeFileSync(path, changed);
  execFileSync('make', ['-s', 'build/tb.vvp'], { cwd: place, stdio: 'pipe' });
  const out = execFileSync('vvp', ['-n', 'build/tb.vvp'], { cwd: place, encoding: 'utf8' });
  expect(out).toMatch(/^hangs: no handshake for 2032 cycles$/m);
  expect(out).toMatch(/^FAIL: /m);
});
