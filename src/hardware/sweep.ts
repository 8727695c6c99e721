/** The same work on several arrays, for every combination of sizes, word lengths and rounding units. */
import { parseRounding, roundingText, type Rounding, InputError } from '../numerics/index.js';
import { arrayConfig, LFSR_BITS, type ArrayConfig, type LfsrBits } from './array.js';
import { changeWorkload, type Workload } from './estimate.js';

/** A rounding unit: its mode and, if it draws, the length of its shift register. */
export interface RoundingHardware {
  readonly rounding: Rounding;
  /** Default: the array's. */
  readonly lfsrBits?: LfsrBits;
}

/**
 * Reads `nearest`, `floor` ..., `stochastic` (the array's shift register) or `stochastic:n` (a shift register of n bits).
 * @throws TypeError for an unknown mode, RangeError for a length without taps of the longest period
 */
export function parseRoundingHardware(text: string): RoundingHardware {
  const rounding = parseRounding(text);
  const [, bits] = /^\s*stochastic:(\d+)\s*$/.exec(text) ?? [];
  if (bits === undefined) return { rounding };
  const lfsrBits = LFSR_BITS.find((known) => known === Number(bits));
  if (lfsrBits === undefined) {
    throw new InputError(
      `rounding: a shift register must have ${LFSR_BITS.join(', ')} bits, got "${text.trim()}"; choose one of these lengths`,
    );
  }
  return { rounding, lfsrBits };
}

/** The values to vary; an omitted field stays that of the array and the workloads. */
export interface SweepFields {
  readonly arrays?: readonly Pick<ArrayConfig, 'rows' | 'cols'>[];
  /** Length of all words in bits. */
  readonly bits?: readonly number[];
  readonly roundings?: readonly RoundingHardware[];
}

/** The fields by their names in tables, with the value of a row as text. */
export type SweepLabels = Readonly<Partial<Record<'array' | 'WL' | 'rounding', string>>>;

/** One combination: an array and its work. */
export interface SweepPoint {
  /** Only the fields that vary. */
  readonly labels: SweepLabels;
  readonly config: ArrayConfig;
  readonly workloads: readonly Workload[];
}

/**
 * All combinations; the last field varies fastest.
 * @throws RangeError if an array is out of range
 */
export function sweepPoints(
  config: ArrayConfig,
  workloads: readonly Workload[],
  { arrays, bits, roundings }: SweepFields,
): SweepPoint[] {
  const points: SweepPoint[] = [];
  for (const size of arrays ?? [undefined])
    for (const wl of bits ?? [undefined])
      for (const unit of roundings ?? [undefined]) {
        const lfsrBits = unit?.lfsrBits ?? config.lfsrBits;
        const changed = arrayConfig({ ...config, ...size, lfsrBits });
        points.push({
          labels: {
            ...(size && varies(arrays) && { array: sizeText(size) }),
            ...(wl !== undefined && varies(bits) && { WL: String(wl) }),
            ...(unit && varies(roundings) && { rounding: unitText(unit, changed) }),
          },
          config: changed,
          workloads: workloads.map((one) => changeWorkload(one, { bits: wl, rounding: unit?.rounding })),
        });
      }
  return points;
}

function varies(values: readonly unknown[] | undefined): boolean {
  return values !== undefined && values.length > 1;
}

/** `28x28`. */
function sizeText({ rows, cols }: Pick<ArrayConfig, 'rows' | 'cols'>): string {
  return `${rows}x${cols}`;
}

function unitText({ rounding }: RoundingHardware, { lfsrBits }: ArrayConfig): string {
  return rounding.mode === 'stochastic' ? `stochastic:${lfsrBits}` : roundingText(rounding);
}
