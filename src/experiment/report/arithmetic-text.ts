/** The arithmetic of a network in words: its formats and its rounding by role, and how a format is read. */
import type { NetworkDefinition } from '../../nn/index.js';
import { formatText, roundingText, type NumberFormat } from '../../numerics/index.js';
import { countOf } from '../draw/text.js';

/** One role or several, and what they have. */
function byRole<T>(values: Readonly<Record<string, T>>, text: (value: T) => string): string {
  const groups = new Map<string, string[]>();
  for (const [role, value] of Object.entries(values)) {
    groups.set(text(value), [...(groups.get(text(value)) ?? []), role]);
  }
  if (groups.size === 1) return [...groups.keys()].join('');
  return [...groups].map(([value, roles]) => `${roles.join(', ')} ${value}`).join('; ');
}

type Arithmetic = Pick<NetworkDefinition, 'arithmetic' | 'settings'>;

/** `<4,12>`, or `weight, bias <4,12>; activation <6,10>`. */
export function formatsText({ arithmetic, settings }: Arithmetic): string {
  return arithmetic === 'float32' ? 'float32' : byRole(settings.formats, formatText);
}

/** `stochastic`, or by role likewise; a dash for float32. */
export function roundingsText({ arithmetic, settings }: Arithmetic): string {
  return arithmetic === 'float32' ? '–' : byRole(settings.rounding, roundingText);
}

/** Both. */
export function arithmeticText(of: Arithmetic): string {
  return of.arithmetic === 'float32' ? 'float32' : `${formatsText(of)}; rounding ${roundingsText(of)}`;
}

/** How the first format of fixed point among these is read, as an example for all; empty for float32 alone. */
export function formatNote(all: readonly Arithmetic[]): string {
  const format = all
    .filter(({ arithmetic }) => arithmetic === 'fixed')
    .flatMap(({ settings }) => Object.values<NumberFormat>(settings.formats))
    .find((one) => one !== 'float32');
  if (format === undefined) return '';
  const { il, fl } = format;
  const end = 2 ** (il - 1);
  return `How to read a format: ${formatText(format)}, short ${il}.${fl}, is a number of ${countOf(il + fl, 'bit')}: ${countOf(il, 'integer bit')}, the sign included, and ${countOf(fl, 'fraction bit')}. It holds −${end} to almost ${end} in steps of ${fl === 0 ? '1' : `1/${2 ** fl}`}. In the name of a setting, a second format such as 6.10 in 4.12/6.10 is that of the activations.`;
}
