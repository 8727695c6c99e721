/**
 * Fixed-point formats as other tools write them. None is read, because the same text means different formats in different
 * tools; an error names the <IL,FL> that was probably meant. docs/formats.md has the table.
 */

interface Meaning {
  /** Integer bits with the sign, fraction bits. */
  readonly il: number;
  readonly fl: number;
  /** The other reading of an ambiguous notation. */
  readonly or?: { readonly il: number; readonly fl: number; readonly condition: string };
}

type Reader = (...groups: readonly string[]) => Meaning;

/** A format of `width` bits of which `fl` are behind the point; without a sign it needs one bit more here. */
const ofWidth = (width: number, fl: number, isSigned: boolean): Meaning => ({
  il: width - fl + (isSigned ? 0 : 1),
  fl,
});

const NOTATIONS: readonly (readonly [pattern: RegExp, read: Reader])[] = [
  // Width and integer bits: high-level synthesis (Vitis, Catapult), SystemC.
  [
    /^(?:ap_|ac_|sc_)?(u?)fixed\s*<\s*(\d+)\s*,\s*(-?\d+)\s*(?:,\s*(true|false)\b)?[^>]*>$/i,
    (unsigned, width, integer, sign) =>
      ofWidth(Number(width), Number(width) - Number(integer), unsigned === '' && sign !== 'false'),
  ],
  // Q of Texas Instruments does not count the sign, Q of ARM does.
  [
    /^Q(\d+)\.(\d+)$/i,
    (integer, fraction) => ({
      il: Number(integer) + 1,
      fl: Number(fraction),
      or: { il: Number(integer), fl: Number(fraction), condition: `if its ${integer} counts the sign` },
    }),
  ],
  [/^Q(\d+)$/i, (fraction) => ({ il: 1, fl: Number(fraction) })],
  [/^UQ(\d+)\.(\d+)$/i, (integer, fraction) => ({ il: Number(integer) + 1, fl: Number(fraction) })],
  // MATLAB: sfix16_En10, fixdt(1,16,10).
  [
    /^([su])fix(\d+)_En(\d+)$/i,
    (sign, width, fraction) => ofWidth(Number(width), Number(fraction), sign.toLowerCase() === 's'),
  ],
  [
    /^(?:fixdt|numerictype)\s*\(\s*([01]|true|false)\s*,\s*(\d+)\s*,\s*(-?\d+)\s*\)$/i,
    (sign, width, fraction) => ofWidth(Number(width), Number(fraction), sign === '1' || sign === 'true'),
  ],
  // VHDL: sfixed(5 downto -10).
  [
    /^([su])fixed\s*\(\s*(-?\d+)\s+downto\s+(-?\d+)\s*\)$/i,
    (sign, high, low) => ofWidth(Number(high) - Number(low) + 1, -Number(low), sign.toLowerCase() === 's'),
  ],
  // QKeras: bits with the sign, integer bits without it.
  [
    /^quantized_bits\s*\(\s*(\d+)\s*,\s*(-?\d+)\b[^)]*\)$/i,
    (bits, integer) => ({ il: Number(integer) + 1, fl: Number(bits) - Number(integer) - 1 }),
  ],
  [/^(?:s|i|int|sint)(\d+)$/i, (width) => ({ il: Number(width), fl: 0 })],
];

const FLOATING = /^(?:b?float|bf|tf|fp|e\dm)\d+/i;

/** The end of an error about a text that is not a format: what it would be here, if that is known. */
export function notationHint(text: string): string {
  const trimmed = text.trim();
  if (FLOATING.test(trimmed)) return '; the only floating-point format is float32';
  for (const [pattern, read] of NOTATIONS) {
    const match = pattern.exec(trimmed);
    if (!match) continue;
    const { il, fl, or } = read(...match.slice(1).map((group: string | undefined) => group ?? ''));
    const other = or ? `, or "<${or.il},${or.fl}>" ${or.condition}` : '';
    return `; ${trimmed} is "<${il},${fl}>" here${other}`;
  }
  return '; write for example "<2,14>" or "2.14"';
}
