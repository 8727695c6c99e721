/**
 * The test bench of a generated folder must fail on a faulty design. Each fault is one edit of one generated source, of the kind
 * that somebody who edits the folder might make; the bench runs under Icarus Verilog and must print FAIL.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, needs, NEAREST, STOCHASTIC, write } from './rtl-designs.js';

interface Fault {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly design?: typeof STOCHASTIC;
}

const unit = 'rounding_unit';

const FAULTS: readonly Fault[] = [
  { name: 'positive overflow gives the minimum', file: unit, from: ': limit;', to: ': ~limit;' },
  {
    name: 'negative overflow gives the maximum',
    file: unit,
    from: '? ~limit : limit',
    to: '? limit : limit',
  },
  { name: 'the limits are swapped', file: unit, from: '? ~limit : limit', to: '? limit : ~limit' },
  { name: 'overflow is not noticed', file: unit, from: "above == '0 ?", to: "1'b1 ?" },
  { name: 'the bias is missing', file: unit, from: 'sum + (', to: 'sum + 0 * (' },
  { name: 'the bias is not shifted', file: unit, from: '<<< bias_shift', to: '<<< 0' },
  {
    name: 'the shift goes the other way',
    file: unit,
    from: "amount = shift + 7'(WL)",
    to: "amount = 7'(WL) - shift",
  },
  {
    name: 'a left shift does not shift',
    file: unit,
    from: 'amount = shift +',
    to: 'amount = (shift[6] ? 0 : shift) +',
  },
  { name: 'the shift fills with zeros', file: unit, from: '>>> amount', to: '>> amount' },
  { name: 'the random word is not added', file: unit, from: "{1'b0, random}", to: "'0" },
  {
    name: 'the random word is used again',
    file: 'drain',
    from: 'advance && busy[1]',
    to: 'advance && busy[1] && column[0]',
  },
  { name: 'a random word is drawn too early', file: 'drain', from: 'busy[1])', to: 'busy[0])' },
  {
    name: 'the seeds are not loaded again',
    file: 'drain',
    from: '.clk, .load,',
    to: ".clk, .load(load && random == '0),",
  },
  { name: 'a register has another tap', file: 'lfsr', from: "32'h00000829", to: "32'h00000889" },
  { name: 'half up, not away', file: unit, from: '(below || !scaled[WIDE-1])', to: "1'b1", design: NEAREST },
  { name: 'all ties go down', file: unit, from: 'below || !scaled[WIDE-1]', to: 'below', design: NEAREST },
  { name: 'the biases stay in column 0', file: 'drain', from: 'biases[column*WL+:WL]', to: 'biases[0+:WL]' },
  {
    name: 'the bias comes a row too late',
    file: 'drain',
    from: 'bias <= rows[i-1].bias',
    to: 'bias <= rows[0].bias',
  },
  { name: 'the sum is never cleared', file: 'pe', from: "out_first ? '0 : sum", to: 'sum' },
  { name: 'the sum is cleared every time', file: 'pe', from: "out_first ? '0 : sum", to: "'0" },
  {
    name: 'the operands are not signed',
    file: 'pe',
    from: "PRODUCT'(out_lhs)",
    to: "PRODUCT'($unsigned(out_lhs))",
  },
  {
    name: 'the sum is taken a cycle too early',
    file: 'pe',
    from: 'out_valid && out_last',
    to: 'in_valid && in_last',
  },
  {
    name: 'a second block column starts at a wrong row',
    file: 'control',
    from: 'row - panel : row',
    to: 'row : row',
  },
  {
    name: 'a block may end before its bias is there',
    file: 'control',
    from: "\n      && !(feed_last && biases == '0)",
    to: '',
  },
  {
    name: 'blocks follow too closely',
    file: 'control',
    from: "GAP'(SPACING - 1)",
    to: "GAP'(SPACING > 2 ? SPACING - 3 : 0)",
  },
  {
    name: 'a block has a slice too few',
    file: 'control',
    from: "slice == depth - 1'b1",
    to: "slice + 1'b1 == depth - 1'b1",
  },
  {
    name: 'a block row too few',
    file: 'control',
    from: "row == block_rows - 1'b1",
    to: "row == block_rows - 2'd2",
  },
  {
    name: 'a block column too many',
    file: 'control',
    from: "col == block_cols - 1'b1",
    to: 'col == block_cols',
  },
  { name: 'streamed panels are kept', file: 'control', from: 'last_col || !resident', to: 'last_col' },
  { name: 'resident panels are dropped', file: 'control', from: 'last_col || !resident', to: "1'b1" },
  { name: 'rhs panels are not read again', file: 'control', from: 'feed_last && !last_panel', to: "1'b0" },
  {
    name: 'lhs panels are not read again',
    file: 'control',
    from: 'feed_last && last_panel && !lhs_release',
    to: "1'b0",
  },
  {
    name: 'a full buffer takes another word',
    file: 'buffer',
    from: "in_ready  = written - oldest != (ADDRESS + 1)'(SLICES)",
    to: "in_ready  = 1'b1",
  },
  {
    name: 'an empty buffer is read',
    file: 'buffer',
    from: 'available = next != written',
    to: "available = 1'b1",
  },
  {
    name: 'rows are not delayed',
    file: 'skew',
    from: 'REVERSED ? LANES - 1 - lane : lane',
    to: 'REVERSED ? LANES - 1 - lane : 0',
  },
  {
    name: 'columns are not put together',
    file: 'skew',
    from: 'REVERSED ? LANES - 1 - lane : lane',
    to: 'REVERSED ? 0 : lane',
  },
  { name: 'a waiting column is lost', file: 'results', from: "count_next != 2'd2", to: "1'b1" },
  { name: 'nothing comes out', file: 'results', from: "out_valid  = count != 2'd0", to: "out_valid  = 1'b0" },
  {
    name: 'the shift is not loaded',
    file: 'top',
    from: 'shift, bias_shift, limit} <= {config_shift,',
    to: "shift, bias_shift, limit} <= {7'd1,",
  },
  {
    name: 'the limit stays',
    file: 'top',
    from: 'if (load) {shift, bias_shift, limit}',
    to: "if (load && limit !== 0 && limit !== 'x) {shift, bias_shift} <= {config_shift, config_bias_shift}; else if (load) {shift, bias_shift, limit}",
  },
];

let count = 0;

it.for(FAULTS)('the bench fails if $name', { timeout: 120_000 }, (fault, { skip }) => {
  needs(skip, 'iverilog', 'vvp');
  const { file, from, to, design = STOCHASTIC } = fault;
  const whole = write(design, `whole-${design.rounding.mode}`);
  const place = join(folder, `fault-${(count += 1)}`);
  cpSync(whole, place, { recursive: true });
  const path = join(place, `fewbit_${file}.sv`);
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replaceAll(from, to));
  const sources = /^DESIGN = (.*)$/m.exec(readFileSync(join(place, 'Makefile'), 'utf8'))![1]!.split(' ');
  const args = ['-g2012', '-s', 'fewbit_tb', '-o', 'tb.vvp', ...sources, 'fewbit_tb.sv', 'fewbit_source.sv'];
  execFileSync('iverilog', args, { cwd: place, stdio: 'pipe' });
  const out = execFileSync('vvp', ['-n', 'tb.vvp'], { cwd: place, encoding: 'utf8' });
  expect(out).toMatch(/^FAIL: /m);
  expect(out).not.toMatch(/^PASS/m);
});
