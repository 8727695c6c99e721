/** The options that describe an array, and how they become its configuration. What is left out is the paper's. */
import { Option, type Command } from 'commander';
import {
  arrayConfig,
  LFSR_BITS,
  PAPER_ARRAY,
  type ArrayConfig,
  type LfsrBits,
} from '../../../hardware/index.js';
import { UsageError } from '../../console/errors.js';
import { realNumber, wholeNumber } from '../../options/numbers.js';

/** The array itself: what its registers and wires are made for. */
export interface ArrayOptions {
  readonly rows?: number;
  readonly cols?: number;
  readonly acc?: number;
  readonly lfsr?: LfsrBits;
}

/** What is around it: clock, buffers and memory. */
export interface MemoryOptions {
  readonly clock?: number;
  readonly buffers?: readonly [lhs: number, rhs: number];
  /** GB/s, Infinity for `unlimited`. */
  readonly bandwidth?: number;
}

/** Memory of the paper's board (KC705): 64 bits at 800 MT/s. */
const BOARD_GBS = 6.4;

/** `--rows`, `--cols`, `--acc`, `--lfsr`. */
export function addArrayOptions(command: Command, defaults: Partial<ArrayConfig> = {}): Command {
  const { rows, cols, accumulatorBits, lfsrBits } = { ...PAPER_ARRAY, ...defaults };
  return command
    .option('--rows <n>', `rows of PEs (default: ${rows})`, wholeNumber('--rows', 1, 1024))
    .option('--cols <n>', `columns of PEs (default: ${cols})`, wholeNumber('--cols', 1, 1024))
    .option(
      '--acc <bits>',
      `width of an accumulator (default: ${accumulatorBits})`,
      wholeNumber('--acc', 8, 64),
    )
    .addOption(
      new Option('--lfsr <bits>', `length of a rounding unit's shift register (default: ${lfsrBits})`)
        .choices(LFSR_BITS.map(String))
        .argParser(lfsrOf),
    );
}

function lfsrOf(text: string): LfsrBits {
  const bits = LFSR_BITS.find((known) => String(known) === text.trim());
  if (bits !== undefined) return bits;
  throw new UsageError(`--lfsr: must be one of ${LFSR_BITS.join(', ')}, got "${text}"`);
}

/** `--clock`, `--buffers`, `--bandwidth`. */
export function addMemoryOptions(command: Command): Command {
  return command
    .option('--clock <MHz>', `clock (default: ${PAPER_ARRAY.clockMHz})`, realNumber('--clock', 1))
    .option(
      '--buffers <bytes>',
      'operand buffers: 1M, or lhs and rhs apart: 1M,512k (default: 1M,512k)',
      buffersOf,
    )
    .option('--bandwidth <GB/s>', `memory, each way, or unlimited (default: ${BOARD_GBS})`, bandwidthOf);
}

function bandwidthOf(text: string): number {
  return text.trim() === 'unlimited' ? Infinity : realNumber('--bandwidth', 0.001)(text);
}

function buffersOf(text: string): [number, number] {
  const sizes = text.split(',').map((part) => {
    const [, digits, unit] = /^\s*(\d+)\s*([kM]?)\s*$/.exec(part) ?? [];
    return Number(digits) * (unit === 'M' ? 1 << 20 : unit === 'k' ? 1 << 10 : 1);
  });
  const [lhs = NaN, rhs = lhs] = sizes;
  if (sizes.length <= 2 && lhs > 0 && rhs > 0) return [lhs, rhs];
  throw new UsageError(`--buffers: expected bytes such as 1M, or two such as 1M,512k, got "${text}"`);
}

/**
 * The array of the options. @throws UsageError if a cycle has less than a byte, RangeError for a buffer out
 * of range
 */
export function arrayOf(options: ArrayOptions & MemoryOptions): ArrayConfig {
  const { rows, cols, acc, lfsr, clock = PAPER_ARRAY.clockMHz, buffers, bandwidth = BOARD_GBS } = options;
  return arrayConfig({
    ...(rows === undefined ? {} : { rows }),
    ...(cols === undefined ? {} : { cols }),
    ...(acc === undefined ? {} : { accumulatorBits: acc }),
    ...(lfsr === undefined ? {} : { lfsrBits: lfsr }),
    ...(buffers && { lhsBufferBytes: buffers[0], rhsBufferBytes: buffers[1] }),
    clockMHz: clock,
    bandwidth: bytesPerCycle(bandwidth, clock),
  });
}

/** Whole bytes a cycle. */
function bytesPerCycle(gigabytesPerSecond: number, clockMHz: number): number {
  if (gigabytesPerSecond === Infinity) return Infinity;
  const bytes = Math.floor((gigabytesPerSecond * 1000) / clockMHz);
  if (bytes >= 1) return bytes;
  throw new UsageError(
    `--bandwidth: must be at least one byte per cycle, ${(clockMHz / 1000).toPrecision(3)} GB/s at ${clockMHz} MHz, got ${gigabytesPerSecond}; choose more, or a slower clock`,
  );
}
