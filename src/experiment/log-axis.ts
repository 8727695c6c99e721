/** Logarithmic axes that are drawn by hand beside Plot's: where a value lies, and which ticks are worth a label. */

/** Numbers 1, 2, 5 and their powers of ten within the domain; 1 alone where there would be more than eight. */
export function logTicks([low, high]: readonly [number, number]): number[] {
  const exponents = Array.from({ length: 31 }, (_, i) => i - 15);
  const within = (mantissas: readonly number[]): number[] =>
    exponents
      .flatMap((exponent) => mantissas.map((mantissa) => Number(`${mantissa}e${exponent}`)))
      .filter((tick) => tick >= low && tick <= high);
  const fine = within([1, 2, 5]);
  return fine.length <= 8 ? fine : within([1]);
}

/** The pixel of a value. */
export function logScale(
  [low, high]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  return (value) => from + ((to - from) * Math.log(value / low)) / Math.log(high / low);
}
