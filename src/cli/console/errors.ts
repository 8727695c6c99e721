/** Which errors are the user's to mend (one line, exit code 2), and which are ours (exit code 1). */
import { CommanderError } from 'commander';
import { DataError } from '../../data/index.js';
import { UnsupportedError } from '../../backend/index.js';
import { ConfigurationError, RunFolderError } from '../../experiment/index.js';
import { ShapeError } from '../../plan/index.js';

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const KNOWN = [
  UsageError,
  CommanderError,
  ConfigurationError,
  DataError,
  RunFolderError,
  ShapeError,
  UnsupportedError,
] as const;

/** Our sentences begin with who speaks: `format <2,40>: ...`, `network configuration: layers[2]: ...`. */
const SENTENCE = /^[a-z<][^\n]{0,200}?: \S/i;
/** What the engine itself says, which may have a colon too. */
const ENGINE = /^(Cannot|Invalid|Reduce of|The |WebAssembly|Maximum|Assignment|Class|Missing)/;

/** True for an error that says in one sentence what is wrong with the input or the surroundings. */
export function isKnownError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (KNOWN.some((kind) => error instanceof kind)) return true;
  // The file system's refusals: no space, no permission, no such file.
  if ('syscall' in error && 'code' in error) return true;
  const isRule = error.constructor === TypeError || error.constructor === RangeError;
  return isRule && !('code' in error) && SENTENCE.test(error.message) && !ENGINE.test(error.message);
}

/** The error as one line. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}
