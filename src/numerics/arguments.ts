/**
 * Checks of arguments that a caller in JavaScript, or with a cast, may get wrong: the one place that refuses an unknown option,
 * a value of the wrong kind and a number that is none. The message names the argument, the rule and what was given. What
 * depends on other arguments is checked by the functions themselves.
 */
import { InputError, InputTypeError } from './errors.js';

/** What a value must be: in words that follow "must be", and as a question. */
export interface ArgumentRule {
  readonly text: string;
  /** The kind of value; a number or text that breaks the rule is a wrong value (InputError), all else a wrong kind. */
  readonly kind: 'number' | 'string' | 'object' | 'function' | 'boolean';
  readonly holds: (value: unknown) => boolean;
}

/** A rule for every option, so that the compiler finds an option without one. */
export type OptionRules<T> = { readonly [Name in keyof Required<T>]: ArgumentRule };

/** A whole number from `min` to `max`. */
export function wholeNumber(min = 0, max = Number.MAX_SAFE_INTEGER): ArgumentRule {
  return {
    text: `a whole number from ${String(min)}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${String(max)}`}`,
    kind: 'number',
    holds: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

/** Any number but NaN, from `min` to `max`; infinite only if a bound is. */
export function realNumber(min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): ArgumentRule {
  const range = min === Number.NEGATIVE_INFINITY ? '' : ` from ${String(min)}`;
  return {
    text: `a number${range}${max === Number.POSITIVE_INFINITY ? '' : ` to ${String(max)}`}`,
    kind: 'number',
    holds: (value) => typeof value === 'number' && value >= min && value <= max,
  };
}

/** A number, whose range is checked where its bounds are known. */
export const NUMBER: ArgumentRule = {
  text: 'a number',
  kind: 'number',
  holds: (value) => typeof value === 'number',
};

/** A seed; `parseSeed` checks its value. */
export const SEED: ArgumentRule = {
  text: 'an integer from 0 to 2^64 - 1',
  kind: 'number',
  holds: (value) => ['number', 'bigint', 'string'].includes(typeof value),
};

/** One of a few texts. */
export function oneOf(values: readonly string[]): ArgumentRule {
  const text = values.map((value) => `"${value}"`).join(', ');
  return { text, kind: 'string', holds: (value) => values.includes(value as string) };
}

/** A text. */
export const TEXT: ArgumentRule = {
  text: 'a text',
  kind: 'string',
  holds: (value) => typeof value === 'string',
};

/** True or false. */
export const FLAG: ArgumentRule = {
  text: 'true or false',
  kind: 'boolean',
  holds: (value) => typeof value === 'boolean',
};

/** A function. */
export const FUNCTION: ArgumentRule = {
  text: 'a function',
  kind: 'function',
  holds: (value) => typeof value === 'function',
};

/** The bytes of a file. */
export const BYTES: ArgumentRule = instanceRule('bytes (a Uint8Array)', Uint8Array);

/** An instance of one of the classes. */
export function instanceRule(
  text: string,
  ...classes: readonly (abstract new (...args: never[]) => unknown)[]
): ArgumentRule {
  return { text, kind: 'object', holds: (value) => classes.some((one) => value instanceof one) };
}

/** An object that has these methods, such as an iterator of another library. */
export function withMethods(text: string, ...names: readonly string[]): ArgumentRule {
  return {
    text: `${text} (with ${names.join(', ')})`,
    kind: 'object',
    holds: (value) =>
      isObject(value) &&
      names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  };
}

/** An object with at least one of these methods. */
export function withOneOf(text: string, ...names: readonly string[]): ArgumentRule {
  return {
    text: `${text} (with a method ${names.join(' or ')})`,
    kind: 'object',
    holds: (value) =>
      isObject(value) && names.some((name) => typeof (value as Record<string, unknown>)[name] === 'function'),
  };
}

/** An object; `fields` are rules for some of its properties. Others may be there: it is data, not a set of options. */
export function record(text: string, fields: Readonly<Record<string, ArgumentRule>> = {}): ArgumentRule {
  return {
    text,
    kind: 'object',
    holds: (value) =>
      isObject(value) &&
      Object.entries(fields).every(([name, rule]) => rule.holds((value as Record<string, unknown>)[name])),
  };
}

/** A list of what the rule names; an array, and no typed array. */
export function listOf(rule: ArgumentRule, text = `a list, each ${rule.text}`): ArgumentRule {
  return {
    text,
    kind: 'object',
    holds: (value) => Array.isArray(value) && value.every((one) => rule.holds(one)),
  };
}

/** Numbers in an array or a typed array. */
export const NUMBERS: ArgumentRule = {
  text: 'an array of numbers',
  kind: 'object',
  holds: (value) =>
    (ArrayBuffer.isView(value) &&
      !(value instanceof DataView) &&
      !(value instanceof BigInt64Array) &&
      !(value instanceof BigUint64Array)) ||
    (Array.isArray(value) && value.every((one) => typeof one === 'number')),
};

/** What one of two rules allows. */
export function either(a: ArgumentRule, b: ArgumentRule): ArgumentRule {
  return {
    text: `${a.text}, or ${b.text}`,
    kind: a.kind,
    holds: (value) => a.holds(value) || b.holds(value),
  };
}

/** The absence of a thing that may be there. */
export const NULL: ArgumentRule = { text: 'null', kind: 'object', holds: (value) => value === null };

/** The same, or nothing. */
export function optional(rule: ArgumentRule): ArgumentRule {
  return { ...rule, holds: (value) => value === undefined || rule.holds(value) };
}

/** A signal that aborts work. */
export const SIGNAL: ArgumentRule = withMethods('an AbortSignal', 'addEventListener', 'removeEventListener');

/**
 * Checks one argument. `who` names the function and the argument: `fit: iterator`.
 * @throws InputError for a wrong value, InputTypeError for a wrong kind.
 */
export function checkArgument(who: string, value: unknown, rule: ArgumentRule): void {
  if (rule.holds(value)) return;
  const message = `${who} must be ${rule.text}, got ${shown(value)}`;
  throw typeof value === rule.kind && rule.kind !== 'object'
    ? new InputError(message)
    : new InputTypeError(message);
}

/**
 * Checks options: an object with no other names than those of the rules, each value as its rule demands; an option that is
 * undefined counts as left out, unless it is required. Returns the options.
 * @throws InputTypeError for an unknown name, with the name that was probably meant, for a wrong kind and for what is missing;
 * InputError for a wrong value.
 */
export function checkOptions<T extends object>(
  who: string,
  options: T,
  rules: OptionRules<T>,
  required: readonly (keyof T & string)[] = [],
): T {
  const given: unknown = options;
  const names = Object.keys(rules);
  if (!isObject(given) || Array.isArray(given) || ArrayBuffer.isView(given)) {
    throw new InputTypeError(
      `${who}: options must be an object such as { ${required[0] ?? names[0] ?? ''}: ... }, got ${shown(given)}`,
    );
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      throw new InputTypeError(`${who}: there is no option "${name}"; ${wayOut(name, names)}`);
  }
  for (const name of names) {
    const value = (given as Record<string, unknown>)[name];
    if (value === undefined && !(required as readonly string[]).includes(name)) continue;
    checkArgument(`${who}: ${name}`, value, rules[name as keyof T]);
  }
  return options;
}

/** The way out for an unknown name: the known name that was probably meant, or all of them. */
function wayOut(name: string, known: readonly string[]): string {
  const distances = known.map((one) => distance(name.toLowerCase(), one.toLowerCase()));
  const least = Math.min(...distances);
  const best = known[distances.indexOf(least)];
  if (best !== undefined && 3 * least <= Math.max(name.length, best.length)) return `did you mean ${best}?`;
  return `choose one of ${known.join(', ')}`;
}

/** Letters to add, drop, change or swap with a neighbour until one text is the other. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      }
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const MAX_SHOWN = 40;

/** A value in a few words. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= MAX_SHOWN ? `"${value}"` : `"${value.slice(0, MAX_SHOWN)}..."`;
  }
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return `an array of ${String(value.length)}`;
  if (!isObject(value)) return String(value);
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
  if (ArrayBuffer.isView(value)) return `a ${String(constructor?.name)} of ${String(value.byteLength)} bytes`;
  const names = Object.keys(value);
  if (constructor !== Object && typeof constructor?.name === 'string') return `a ${constructor.name}`;
  const text = `{ ${names.join(', ')} }`;
  return names.length === 0 ? '{}' : text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`;
}
