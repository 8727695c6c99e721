/**
 * The console as it is found: the output of whatever the caller gave no output for. The only file of this room
 * that touches it.
 */

/** Prints a line to standard output; in a page, to its console. */
export function printLine(line: string): void {
  console.log(line);
}

/** Prints a warning to standard error; in a page, to its console. */
export function printWarning(message: string): void {
  console.warn(`fewbit: warning: ${message}`);
}
