/** The axis of errors in percent: logarithmic, because errors lie between a fraction of a percent and chance. */
import type { LinePanel } from './line-panel.js';

const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];

/** From the tick below the smallest of the errors to the one above the largest. Zero lies on its lower end. */
export function errorAxis(errors: readonly number[]): LinePanel['y'] {
  const smallest = Math.min(...errors.filter((error) => error > 0), 50);
  // Well below the others, where there is a zero.
  const room = errors.includes(0) ? 0.3 : 0.95;
  const largest = Math.max(...errors, 1);
  const low = TICKS.filter((tick) => tick <= smallest * room).at(-1) ?? 0.01;
  const high = TICKS.find((tick) => tick >= largest) ?? 100;
  const ticks = TICKS.filter((tick) => tick >= low && tick <= high);
  return { type: 'log', low, high, ticks, text: (tick) => `${tick} %` };
}

/** `1.32 %`, `88.7 %`: three digits say all that a seed leaves standing. */
export function errorText(percent: number): string {
  return `${percent >= 10 ? percent.toFixed(1) : percent.toFixed(2)} %`;
}
