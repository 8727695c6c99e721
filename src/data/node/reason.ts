/** Why something failed, in words fit for a sentence: what the system, the network or a library has thrown. */
import { getSystemErrorMap } from 'node:util';

/** The text of anything thrown, with the system's code if the message leaves it out. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch reports every network failure as "fetch failed"; its cause identifies the failure.
  if (error.message === 'fetch failed' && error.cause !== undefined) return reasonOf(error.cause);
  // A refusal of the file system names call and path in its message, which our sentences name already.
  if (isRefusal(error) && !('address' in error || 'hostname' in error)) {
    const [, text] = getSystemErrorMap().get(error.errno) ?? [];
    if (text !== undefined) return text;
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error.message === '') return code === '' ? error.name : code;
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

/** True for an error of the operating system. */
export function isRefusal(error: unknown): error is Error & { readonly errno: number } {
  return error instanceof Error && 'syscall' in error && 'errno' in error && typeof error.errno === 'number';
}
