/**
 * What the command line makes of an error: one line, and the exit code of its class. The text of a message decides nothing.
 * Which errors the user can mend is written in src/numerics/errors.ts; commander's and the system's refusals join them here.
 */
import { getSystemErrorMap } from 'node:util';
import { CommanderError } from 'commander';
import { FewbitError, isFewbitError } from '../../numerics/index.js';

/**
 * The exit codes of every command, except for signals: 128 and the signal's number, 130 after Ctrl-C, and 141 (that of SIGPIPE)
 * if the reader of a pipe ended first.
 */
export const EXIT = {
  done: 0,
  /** A fault of Fewbit. */
  internal: 1,
  /** Done by `verify`: the repetition differs from the record. */
  different: 1,
  /** Wrong input, or surroundings that refuse. */
  known: 2,
  /** Done, but `sweep` has runs that failed, or `advise` could not confirm its advice. */
  incomplete: 3,
} as const;

/** A command line that makes no sense. */
export class UsageError extends FewbitError {
  override readonly name = 'UsageError';
}

/** What is meant for stdout cannot be written: its reader has ended, or the system refuses. */
export class OutputError extends FewbitError {
  override readonly name = 'OutputError';
  /** True for a pipe whose reader has had enough: every program ends without a word then. */
  readonly isQuiet: boolean;
  readonly exitCode: number;

  constructor(cause: NodeJS.ErrnoException) {
    const reason = isSystemError(cause) ? refusalText(cause, 'write the output') : cause.message;
    super(reason, { cause });
    this.isQuiet = cause.code === 'EPIPE';
    this.exitCode = this.isQuiet ? 141 : EXIT.known;
  }
}

/** A refusal of the operating system: no space, no permission, no such file. */
interface SystemError extends Error, NodeJS.ErrnoException {
  readonly code: string;
  readonly syscall: string;
}

/** True for what the operating system refuses, by its code. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

/** True for an error that the user can mend; false for a fault of Fewbit. */
export function isKnownError(error: unknown): error is Error {
  return isFewbitError(error) || error instanceof CommanderError || isSystemError(error);
}

/** The exit code of a command that ends with this error. */
export function exitCodeOf(error: unknown): number {
  return isKnownError(error) ? EXIT.known : EXIT.internal;
}

/** The error as one line. */
export function errorLine(error: unknown): string {
  if (isSystemError(error)) return refusalText(error);
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
}

/** Names of system calls that are not English words. */
const CALLS: Readonly<Record<string, string>> = {
  mkdir: 'create',
  mkdtemp: 'create',
  scandir: 'read',
  stat: 'find',
  lstat: 'find',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  fsync: 'write',
  ftruncate: 'write',
  rename: 'write',
};

/** `cannot open ./x: permission denied`; callers who know what was to be done say so. */
export function refusalText(error: SystemError, what?: string): string {
  const { syscall, path = '' } = error;
  const reason = getSystemErrorMap().get(error.errno ?? 0)?.[1] ?? error.code;
  return `cannot ${what ?? `${CALLS[syscall] ?? syscall} ${path}`.trim()}: ${reason}`;
}
