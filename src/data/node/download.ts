/**
 * One file over HTTP into memory, with a limit on its size and on the silence of the server. Whether the bytes
 * are the right ones is for the caller to check.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DataError } from '../index.js';

export interface DownloadOptions {
  /** Longest silence before the answer and between two pieces of it. */
  readonly timeoutMs: number;
  /** Most bytes accepted, before and after unpacking. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of every piece. */
  readonly onBytes?: (received: number) => void;
}

/** Fetches `url`; gzip content is unpacked. @throws DataError, the network's own error, or the signal's reason. */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array> {
  const { timeoutMs, maxBytes, signal } = options;
  const controller = new AbortController();
  const cancel = (): void => {
    controller.abort(signal?.reason);
  };
  const giveUp = (): void => {
    controller.abort(new DataError(`no data for ${timeoutMs} ms`));
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', cancel);
  const timer = setTimeout(giveUp, timeoutMs);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok) throw new DataError(`HTTP ${response.status} ${response.statusText}`.trimEnd());
    const pieces: Uint8Array[] = [];
    let received = 0;
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      timer.refresh();
      received += piece.length;
      if (received > maxBytes) throw new DataError(`more than the ${maxBytes} bytes expected`);
      pieces.push(piece);
      options.onBytes?.(piece.length);
    }
    return await unpack(Buffer.concat(pieces), maxBytes);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
    controller.abort(); // lets go of the connection where the body was not read to its end
  }
}

/** The content of gzip bytes, or the bytes themselves. @throws DataError for broken gzip. */
export async function unpack(bytes: Uint8Array, maxBytes?: number): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await promisify(gunzip)(bytes, maxBytes === undefined ? {} : { maxOutputLength: maxBytes });
  } catch (error) {
    throw new DataError('broken gzip data', { cause: error });
  }
}
