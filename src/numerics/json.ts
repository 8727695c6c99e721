/**
 * JSON from outside: text is parsed, and values from a caller are checked, up to a depth that no file of Fewbit comes near.
 * What lies deeper would exhaust the stack of the code that walks through it. Also a value as an error shows it.
 */
import { InputTypeError } from './errors.js';

/** Lists and objects within each other that are read. */
export const MAX_JSON_DEPTH = 200;
/** Characters of a value that an error shows. */
const MAX_SHOWN = 200;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/**
 * The value of a JSON text.
 * @throws SyntaxError, with the position, for a text that is not JSON or nests lists and objects deeper than 200 levels.
 */
export function parseJson(text: string): unknown {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (character === CLOSING_BRACKET || character === CLOSING_BRACE) depth -= 1;
    else if (character === OPENING_BRACKET || character === OPENING_BRACE) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) {
        throw new SyntaxError(
          `lists and objects are nested deeper than ${MAX_JSON_DEPTH} levels in JSON at position ${at}`,
        );
      }
    }
  }
  return JSON.parse(text);
}

/** Index of the quote that closes a string, or of the text's end. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === BACKSLASH) at += 1;
    else if (character === QUOTE) return at;
  }
  return text.length;
}

/**
 * Checks that a value of a caller nests lists and objects no deeper than a JSON text may. A value that contains itself does.
 * @throws TypeError otherwise, with `who` in front.
 */
export function checkDepth(who: string, value: unknown): void {
  const waiting: { value: unknown; depth: number }[] = [{ value, depth: 1 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (typeof next.value !== 'object' || next.value === null || ArrayBuffer.isView(next.value)) continue;
    if (next.depth > MAX_JSON_DEPTH) {
      throw new InputTypeError(
        `${who}: lists and objects must be nested at most ${MAX_JSON_DEPTH} levels deep, got more; take levels away`,
      );
    }
    for (const inner of Object.values(next.value)) waiting.push({ value: inner, depth: next.depth + 1 });
  }
}

/** A value of any kind as an error shows it: JSON where there is such text, cut after 200 characters. */
export function shownText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `${value}n`;
  let text: string | undefined;
  try {
    // Text as long as that is cut below in any case.
    text = JSON.stringify(typeof value === 'string' ? value.slice(0, MAX_SHOWN + 1) : value);
  } catch {
    // Deeper than the stack, containing itself, or with a bigint inside.
  }
  const shown =
    text ??
    (typeof value === 'object' ? `an ${Array.isArray(value) ? 'array' : 'object'}` : `a ${typeof value}`);
  return shown.length <= MAX_SHOWN ? shown : `${shown.slice(0, MAX_SHOWN)}...`;
}
