// Medians, ranges and ratios over the rounds of a measurement. Computes only; what is measured is in measure.mjs.

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and extremes of the rounds that were measured; null if none was. */
export function summary(values) {
  const measured = values.filter((value) => value !== undefined);
  if (measured.length === 0) return null;
  return { median: median(measured), low: Math.min(...measured), high: Math.max(...measured) };
}

/**
 * How many times as large `over` is as `under`, round by round: what slows the machine down for a while slows both.
 * Undefined where one of them sat a round out.
 */
export function quotients(over, under) {
  return over.map((value, round) => {
    const other = under[round];
    return value === undefined || other === undefined ? undefined : value / other;
  });
}

/** The same over all rounds that both were measured in. */
export function ratio(over, under) {
  return summary(quotients(over, under));
}

/** The values' inverse: rates of times. */
export function inverse(values) {
  return values.map((value) => (value === undefined ? undefined : 1 / value));
}

/** Three significant digits without an exponent. */
export function numberText(value) {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 6));
}

/** `12.3 (11.9 to 12.8)`, or a dash if nothing was measured. */
export function rangeText(range, unit = '') {
  if (range === null) return '-';
  return `${numberText(range.median)}${unit} (${numberText(range.low)} to ${numberText(range.high)})`;
}

/** The same for shares: `81.2 % (79.0 to 83.1)`. */
export function percentText(range) {
  if (range === null) return '-';
  const [middle, low, high] = [range.median, range.low, range.high].map((value) => (100 * value).toFixed(1));
  return `${middle} % (${low} to ${high})`;
}
