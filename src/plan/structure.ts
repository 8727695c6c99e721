/**
 * The structure of a plan from outside: which fields an object has and of which type each is. What the values mean to each
 * other is checked in verify.ts. Errors name the field and what it holds.
 */
import { parseAccumulator, parseFormat, parseRounding, shownText } from '../numerics/index.js';
import { ShapeError } from './errors.js';
import { MAX_SIZE } from './shapes.js';
import type { Convert, OpBase, Window } from './types.js';

/** Throws ShapeError unless `value` has the type; `path` names it in the message. */
export type Check = (value: unknown, path: string) => void;

/** A check for each field of an op beside those that every op has: a field without a check is a type error. */
export type Fields<O extends OpBase> = Readonly<Record<Exclude<keyof O, keyof OpBase | 'kind'>, Check>>;

function is(what: string, holds: (value: unknown) => boolean): Check {
  return (value, path) => {
    if (!holds(value)) throw new ShapeError(`${path}: must be ${what}, got ${shownText(value)}`);
  };
}

/** A whole number of a range; without an end, up to 2^53 - 1. */
export function whole(from: number, to = Number.MAX_SAFE_INTEGER): Check {
  const text = to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
  return is(
    `a whole number ${text}`,
    (value) => Number.isSafeInteger(value) && from <= Number(value) && Number(value) <= to,
  );
}

export const FLAG = is('true or false', (value) => typeof value === 'boolean');
export const TEXT = is('text', (value) => typeof value === 'string');
/** An index of `plan.tensors`; its upper end is checked when the tensor is looked up. */
export const ID = whole(0);
/** A shift to the left, or a difference of fraction bits. */
export const SHIFT = whole(-64, 64);

export function oneOf(...choices: readonly unknown[]): Check {
  return is(`one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`, (value) =>
    choices.includes(value),
  );
}

export function nullable(check: Check): Check {
  return (value, path) => {
    if (value !== null) check(value, path);
  };
}

export function listOf(check: Check): Check {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ShapeError(`${path}: must be a list, got ${shownText(value)}`);
    value.forEach((item: unknown, i) => check(item, `${path}[${i}]`));
  };
}

/** An object with exactly these fields. */
export function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ShapeError(`${path}: must be an object, got ${shownText(value)}`);
    }
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(fields, key)) throw new ShapeError(`${path}: there is no field "${key}"; remove it`);
    }
    for (const [key, check] of Object.entries(fields)) {
      check((value as Readonly<Record<string, unknown>>)[key], `${path}.${key}`);
    }
  };
}

/** The fields that `parse` of numerics then reads; its refusal is reported as this field's. */
function parsed(fields: Check, parse: (value: never) => unknown): Check {
  return (value, path) => {
    fields(value, path);
    try {
      parse(value as never);
    } catch (error) {
      throw new ShapeError(`${path}: ${(error as Error).message}`, { cause: error });
    }
  };
}

const INTEGER = whole(-Number.MAX_SAFE_INTEGER);
const OVERFLOW = oneOf('saturate', 'wrap');
const FIXED = parsed(object({ il: INTEGER, fl: INTEGER }), parseFormat);
const ROUNDING = parsed(object({ mode: TEXT, randomBits: whole(1, 32) }), parseRounding);

/** A fixed-point format or float32. */
export const FORMAT: Check = (value, path) => {
  if (value !== 'float32') FIXED(value, path);
};

const NARROW = parsed(object({ width: INTEGER, overflow: TEXT }), parseAccumulator);
export const ACCUMULATOR: Check = (value, path) => {
  if (value !== 'exact') NARROW(value, path);
};

const SITE_FIELDS: Readonly<Record<keyof Convert, Check>> = {
  site: TEXT,
  hash: whole(0, 2 ** 32 - 1),
  from: INTEGER,
  format: FIXED,
  drop: INTEGER,
  rounding: ROUNDING,
  overflow: OVERFLOW,
  randomWidth: oneOf(16, 32),
  statistics: ID,
};
export const SITE = object(SITE_FIELDS);

const SIZE = whole(1, MAX_SIZE);
const WINDOW_FIELDS: Readonly<Record<keyof Window, Check>> = {
  height: SIZE,
  width: SIZE,
  channels: SIZE,
  kernelHeight: SIZE,
  kernelWidth: SIZE,
  strideY: SIZE,
  strideX: SIZE,
  padTop: whole(0, MAX_SIZE),
  padLeft: whole(0, MAX_SIZE),
  outHeight: SIZE,
  outWidth: SIZE,
};
export const WINDOW = object(WINDOW_FIELDS);
