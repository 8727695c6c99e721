/** One rounding site in C: an exact integer becomes an element. It chooses the helpers. */
import { maxRaw, minRaw, wordLength } from '../../numerics/index.js';
import type { Convert } from '../../plan/index.js';
import { int32, typeOf, uint32 } from './text.js';

/** True if the site draws random words: it drops bits, and stochastically. */
export function isDrawn({ drop, rounding }: Convert): boolean {
  return drop > 0 && rounding.mode === 'stochastic';
}

/** The element for the exact integer `sum` as expression, `index` being its place in the batch. */
export function converted(convert: Convert, sum: string, index: string): string {
  const { format, overflow } = convert;
  const type = typeOf(format);
  if (overflow === 'wrap') {
    const { drop } = convert;
    // Wrapping keeps the low bits alone, so that a shift to the left may lose the others.
    const low =
      drop < 0 ? `(uint64_t)(int64_t)(${sum}) << ${-drop}` : `(uint64_t)(${rounded(convert, sum, index)})`;
    return `(${type})wrap(${low}, ${wordLength(format)})`;
  }
  return `(${type})clamp(${rounded(convert, sum, index)}, ${int32(minRaw(format))}, ${int32(maxRaw(format))})`;
}

function rounded({ drop, rounding, randomWidth }: Convert, sum: string, index: string): string {
  if (drop < 0) return `shift_left(${sum}, ${-drop})`;
  if (drop === 0) return `(int64_t)(${sum})`;
  if (rounding.mode !== 'stochastic') return `round_${rounding.mode.replaceAll('-', '_')}(${sum}, ${drop})`;
  const { randomBits } = rounding;
  const kept = randomBits < randomWidth ? ` & ${uint32(-1 << (32 - randomBits))}` : '';
  return `round_stochastic(${sum}, ${drop}, word${randomWidth}(&random, ${index})${kept})`;
}
