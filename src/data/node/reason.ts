/** Why something failed, in words fit for a sentence: what the system, the network or a library has thrown. */

/** The text of anything thrown, with the system's code where the message leaves it out. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch reports every network failure as "fetch failed"; its cause says which one it was.
  if (error.message === 'fetch failed' && error.cause !== undefined) return reasonOf(error.cause);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error.message === '') return code === '' ? error.name : code;
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
