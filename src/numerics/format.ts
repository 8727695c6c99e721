/**
 * Fixed-point formats <IL, FL>: what a stored integer `raw` means.
 * IL counts integer bits including the sign, FL fraction bits; only WL = IL + FL is bounded (2..32).
 * Derived in docs/numerics.md, section "Formats".
 */
import { checkArgument, NUMBER, record } from './arguments.js';
import { InputError, InputTypeError } from './errors.js';
import { notationHint } from './notations.js';

/** A fixed-point format. A stored integer `raw` has the value `raw * 2^-fl`. */
export interface Format {
  /** Integer bits including the sign; may be zero or negative. */
  readonly il: number;
  /** Fraction bits; may be zero or negative. */
  readonly fl: number;
}

/** What a tensor's elements are: fixed point, or the float32 baseline. */
export type NumberFormat = Format | 'float32';

/** Every spelling of a format that is accepted: `<2,14>`, `2.14`, `2,14`, or an object. */
export type FormatLike = Format | string;

/** Typed array kinds that hold tensor elements. */
export type Storage = 'uint8' | 'int16' | 'int32' | 'float32';

const FORMAT = record('an object { il, fl }', { il: NUMBER, fl: NUMBER });

/** Word length WL = IL + FL in bits. */
export function wordLength(format: Format): number {
  checkArgument('format', format, FORMAT);
  return format.il + format.fl;
}

/** Largest raw integer of the format, 2^(WL-1) - 1. */
export function maxRaw(format: Format): number {
  return -1 - (-1 << (wordLength(format) - 1));
}

/** Smallest raw integer of the format, -2^(WL-1). */
export function minRaw(format: Format): number {
  return -1 << (wordLength(format) - 1);
}

/** Storage of the format: int16 for WL <= 16, int32 above; float32 for the baseline. */
export function storageOf(format: NumberFormat): 'int16' | 'int32' | 'float32' {
  if (format === 'float32') return 'float32';
  return wordLength(format) <= 16 ? 'int16' : 'int32';
}

/** The text form `<2,14>` (or `float32`). */
export function formatText(format: NumberFormat): string {
  if (format !== 'float32') checkArgument('format', format, FORMAT);
  return format === 'float32' ? 'float32' : `<${format.il},${format.fl}>`;
}

const FORMAT_TEXT = /^(?:<\s*(-?\d+)\s*,\s*(-?\d+)\s*>|(-?\d+)[.,](-?\d+))$/;

/**
 * Reads a format from any accepted spelling.
 * @throws TypeError for a spelling that is not a format, RangeError if WL is outside 2..32.
 */
export function parseFormat(input: FormatLike): Format {
  let il: number;
  let fl: number;
  if (typeof input === 'string') {
    const match = FORMAT_TEXT.exec(input.trim());
    if (!match) {
      throw new InputTypeError(`format: expected "<IL,FL>" or "IL.FL", got "${input}"${notationHint(input)}`);
    }
    il = Number(match[1] ?? match[3]);
    fl = Number(match[2] ?? match[4]);
  } else {
    checkArgument('format', input, FORMAT);
    ({ il, fl } = input);
  }
  if (!Number.isInteger(il) || !Number.isInteger(fl)) {
    throw new InputTypeError(`format: il and fl must be integers, got il ${il} and fl ${fl}`);
  }
  const wl = il + fl;
  if (wl < 2 || wl > 32) {
    throw new InputError(
      `format <${il},${fl}>: word length IL + FL must be 2 to 32 bits, got ${wl}; choose a wider or narrower IL or FL`,
    );
  }
  return { il, fl };
}

/** True when both are the same format. */
export function sameFormat(a: NumberFormat, b: NumberFormat): boolean {
  if (a === 'float32' || b === 'float32') return a === b;
  return a.il === b.il && a.fl === b.fl;
}
