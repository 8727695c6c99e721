/** A question to somebody at the terminal; stdout stays for results. */
import { createInterface } from 'node:readline/promises';

/** True if a user can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** True for yes; anything else, Ctrl-C included, is no. */
export async function isYes(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const stop = new AbortController();
  reader.once('SIGINT', () => stop.abort());
  try {
    const answer = await reader.question(`${question} [y/N] `, { signal: stop.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (stop.signal.aborted) return false;
    throw error;
  } finally {
    reader.close();
  }
}
