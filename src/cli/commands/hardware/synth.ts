/** `fewbit hardware synth`: what the parts of an array cost on a Xilinx 7-series part, counted by Yosys. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import {
  checkDesign,
  isStochastic,
  moduleName,
  PAPER_ARRAY,
  parseRoundingHardware,
  randomBits,
  rtlModules,
  type ArrayConfig,
  type RoundingHardware,
  type RtlDesign,
} from '../../../hardware/index.js';
import type { CommandContext } from '../../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../../options/define-command.js';
import { EXIT } from '../../console/errors.js';
import { wholeNumber } from '../../options/numbers.js';
import { PartProgress } from '../../console/part-progress.js';
import { tableText } from '../../console/table.js';
import { grouped, percentText } from '../../console/terminal.js';
import { addArrayOptions, type ArrayOptions } from './array-options.js';
import { addBuildOptions } from './design-options.js';
import { listOf, sizeOf } from './estimate-options.js';
import { requireTools, runTool, stoppable } from './tools.js';

interface SynthOptions extends ArrayOptions {
  readonly wl: number;
  readonly depth: number;
  readonly roundStages: number;
  readonly rounding: readonly RoundingHardware[];
  readonly whole: readonly Pick<ArrayConfig, 'rows' | 'cols'>[];
}

/** Cells of a part. RAM is what memories are made of, in cells of whatever kind. */
interface Cells {
  readonly luts: number;
  readonly flipFlops: number;
  readonly carries: number;
  readonly dsps: number;
  readonly rams: number;
}

const EXAMPLES = `
Examples:
  $ fewbit hardware synth                                               the paper's 28 x 28 PEs, summed from their parts
  $ fewbit hardware synth --rows 8 --cols 8 --whole 4x4,8x8             and two arrays as a whole
  $ fewbit hardware synth --rounding floor,nearest,stochastic:16 --json

Each part is synthesised separately for Xilinx 7-series (yosys synth_xilinx -family xc7); an array is the sum of its parts. Needs the Debian
package yosys. What the numbers mean, and what they do not: docs/hardware.md.`;

const UNITS = ['nearest', 'floor', 'stochastic:8', 'stochastic:16', 'stochastic:32'];

export const synthCommand = defineCommand({
  name: 'synth',
  summary: 'cells of the hardware, by Yosys',
  description:
    'Synthesises the parts of an array with Yosys and counts their cells: what a PE, a rounding unit of each kind and a whole array take.',
  options: (command) =>
    addVoiceOptions(
      addBuildOptions(addArrayOptions(command))
        .option('--wl <bits>', 'word length', wholeNumber('--wl', 2, 32), 16)
        .addOption(
          new Option(
            '--rounding <units,...>',
            'rounding units; stochastic:n has a shift register of n bits; the others are compared with the first',
          )
            .argParser(listOf(parseRoundingHardware))
            .default(UNITS.map(parseRoundingHardware), UNITS.join()),
        )
        .addOption(
          new Option('--whole <RxC,...>', 'arrays to synthesise also as a whole, with each of these units')
            .argParser(listOf(sizeOf))
            .default([], 'none'),
        ),
      'tables',
      '',
    ),
  examples: EXAMPLES,
  run: (context, options: SynthOptions) => stoppable(context.signal, () => synth(context, options)),
});

/** Cells of the statistics that Yosys prints last. */
function cellsOf(log: string): Cells {
  const counts = new Map<string, number>();
  const last = log.slice(log.lastIndexOf('Number of cells:'));
  for (const [, name, count] of last.matchAll(/^ {5}(\w+) +(\d+)$/gm)) counts.set(name!, Number(count));
  const sum = (pattern: RegExp): number =>
    [...counts].reduce((total, [name, count]) => (pattern.test(name) ? total + count : total), 0);
  return {
    luts: sum(/^(LUT[1-6]|INV|SRL\w+)$/),
    flipFlops: sum(/^FD\w+$/),
    carries: sum(/^CARRY4$/),
    dsps: sum(/^DSP48E1$/),
    rams: sum(/^RAM/),
  };
}

/** Synthesises one module of a design. */
export function synthesize(
  design: RtlDesign,
  part: string,
  { parameters = {}, flags = '' }: { parameters?: Readonly<Record<string, number>>; flags?: string } = {},
): Cells {
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-synth-'));
  try {
    const top = moduleName(design, part);
    const modules = rtlModules(design);
    for (const { name, text } of modules) writeFileSync(join(folder, name), text);
    const set = Object.entries(parameters).map(([name, value]) => `-set ${name} ${value}`);
    const script = [
      `read_verilog -sv ${modules.map(({ name }) => name).join(' ')}`,
      ...(set.length > 0 ? [`chparam ${set.join(' ')} ${top}`] : []),
      `synth_xilinx -family xc7 -top ${top} -flatten -noiopad ${flags}`,
      'stat',
    ];
    return cellsOf(runTool('yosys', ['-p', script.join('; ')], folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const NONE: Cells = { luts: 0, flipFlops: 0, carries: 0, dsps: 0, rams: 0 };

/** The sum of parts, each with its count. */
function sumCells(parts: readonly (readonly [times: number, cells: Cells])[]): Cells {
  const sum = (of: (cells: Cells) => number): number =>
    parts.reduce((total, [times, cells]) => total + times * of(cells), 0);
  return {
    luts: sum((cells) => cells.luts),
    flipFlops: sum((cells) => cells.flipFlops),
    carries: sum((cells) => cells.carries),
    dsps: sum((cells) => cells.dsps),
    rams: sum((cells) => cells.rams),
  };
}

interface Part {
  readonly name: string;
  readonly cells: Cells;
}

async function synth({ terminal, signal }: CommandContext, options: SynthOptions): Promise<number> {
  requireTools('yosys');
  const { wl, depth, roundStages, rounding: units, whole } = options;
  const { rows, cols, accumulatorBits, lfsrBits } = {
    ...PAPER_ARRAY,
    ...(options.rows === undefined ? {} : { rows: options.rows }),
    ...(options.cols === undefined ? {} : { cols: options.cols }),
    ...(options.acc === undefined ? {} : { accumulatorBits: options.acc }),
    ...(options.lfsr === undefined ? {} : { lfsrBits: options.lfsr }),
  };
  const designs = units.map(({ rounding, lfsrBits: own = lfsrBits }) =>
    checkDesign({
      rows,
      cols,
      accumulatorBits,
      depth,
      roundStages,
      rounding,
      lfsrBits: own,
      wordLength: wl,
      overflow: 'saturate',
    }),
  );
  const [first] = designs as [RtlDesign, ...RtlDesign[]];
  const progress = new PartProgress(terminal, 'synthesis');
  const all = 9 + designs.length + designs.filter(isStochastic).length + whole.length * designs.length;
  let done = 0;
  const count = async (...args: Parameters<typeof synthesize>): Promise<Cells> => {
    const cells = synthesize(...args);
    done += 1;
    await progress.show(done / all);
    signal.throwIfAborted();
    return cells;
  };
  try {
    await progress.show(0);
    const pe = await count(first, 'pe');
    const peOfLuts = await count(first, 'pe', { flags: '-nodsp' });
    const lhsSkew = await count(first, 'skew', { parameters: { LANES: rows, WIDTH: wl } });
    const rhsSkew = await count(first, 'skew', { parameters: { LANES: cols, WIDTH: wl } });
    const realign = await count(first, 'skew', { parameters: { LANES: rows, WIDTH: wl, REVERSED: 1 } });
    const control = await count(first, 'control');
    const lhsBuffer = await count(first, 'buffer', { parameters: { WIDTH: rows * wl, SLICES: 2 * depth } });
    const rhsBuffer = await count(first, 'buffer', { parameters: { WIDTH: cols * wl, SLICES: 2 * depth } });
    const results = await count(first, 'results', { parameters: { WIDTH: rows * wl } });
    const rest = sumCells(
      [lhsSkew, rhsSkew, realign, control, lhsBuffer, rhsBuffer, results].map((cells) => [1, cells]),
    );
    const arrays: (Part & { unit: Cells; lfsr: Cells })[] = [];
    for (const design of designs) {
      const unit = await count(design, 'rounding_unit');
      const lfsr = isStochastic(design) ? await count(design, 'lfsr') : NONE;
      const cells = sumCells([
        [rows * cols, pe],
        [rows, unit],
        [rows, lfsr],
        [1, rest],
      ]);
      const { mode } = design.rounding;
      const name = isStochastic(design) ? `${mode}:${randomBits(design)}` : mode;
      arrays.push({ name, cells, unit, lfsr });
    }
    const wholes: { size: string; arrays: Part[] }[] = [];
    for (const size of whole) {
      const own: Part[] = [];
      for (const [i, design] of designs.entries()) {
        own.push({ name: arrays[i]!.name, cells: await count({ ...design, ...size }, 'top') });
      }
      wholes.push({ size: `${size.rows} x ${size.cols}`, arrays: own });
    }
    progress.end();
    terminal.json({ event: 'done', rows, cols, pe, peOfLuts, rest, arrays, wholes });
    const head = ['part', 'LUTs', 'flip-flops', 'CARRY4', 'DSP48E1', 'RAM'];
    const row = ({ name, cells }: Part): string[] => [
      name,
      ...[cells.luts, cells.flipFlops, cells.carries, cells.dsps, cells.rams].map(grouped),
    ];
    const parts: Part[] = [
      { name: 'PE', cells: pe },
      { name: 'PE without DSP', cells: peOfLuts },
      ...arrays.map(({ name, unit }) => ({ name: `rounding unit, ${name}`, cells: unit })),
      ...arrays
        .filter(({ lfsr }) => lfsr !== NONE)
        .map(({ name, lfsr }) => ({ name: `shift register, ${name}`, cells: lfsr })),
      { name: 'skews, buffers, control', cells: rest },
    ];
    terminal.print(tableText(terminal, head, parts.map(row), 'lrrrrr'));
    // A DSP slice counts as what takes its place.
    const equivalent = ({ luts, dsps }: Cells): number => luts + dsps * (peOfLuts.luts - pe.luts);
    const printArrays = (what: string, own: readonly Part[]): void => {
      const [base] = own as readonly [Part, ...Part[]];
      const more = (of: (cells: Cells) => number, cells: Cells): string =>
        percentText((of(cells) / of(base.cells) - 1) * 100);
      terminal.print('');
      terminal.say(`${what}; more than with ${base.name}:\n`);
      terminal.print(
        tableText(
          terminal,
          [...head, 'more LUTs', 'more flip-flops', 'more LUTs, DSPs as LUTs'],
          own.map((part) => [
            ...row(part),
            more(({ luts }) => luts, part.cells),
            more(({ flipFlops }) => flipFlops, part.cells),
            more(equivalent, part.cells),
          ]),
          'lrrrrrrrr',
        ),
      );
    };
    printArrays(`${rows} x ${cols} PEs as the sum of their parts`, arrays);
    for (const { size, arrays: own } of wholes) printArrays(`${size} PEs as a whole`, own);
    return EXIT.done;
  } finally {
    progress.end();
  }
}
