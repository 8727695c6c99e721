/**
 * Files over HTTP, with limits on their size and on the server's silence and slowness: small ones into memory, large
 * ones onto the disk, continuing an interrupted one. The caller checks the bytes.
 */
import { open, rm, stat } from 'node:fs/promises';
import { DataError } from '../index.js';
import { unpack } from './gzip.js';
import { watchRate } from './rate.js';

export interface DownloadOptions {
  /** Longest silence before the answer and between two pieces of it. In three times that, 1,000 bytes a second must come. */
  readonly timeoutMs: number;
  /** Most bytes accepted, before and after unpacking. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of every piece. */
  readonly onBytes?: (received: number) => void;
}

/** Fetches `url`; gzip content is unpacked. @throws DataError, the network's own error, or the signal's reason. */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array> {
  const { maxBytes } = options;
  const received = await request(url, {}, options, async (response, pieces) => {
    checkStatus(response);
    const kept: Uint8Array[] = [];
    let size = 0;
    for await (const piece of pieces) {
      size += piece.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      kept.push(piece);
      options.onBytes?.(piece.length);
    }
    return Buffer.concat(kept);
  });
  return await unpack(received, maxBytes);
}

/**
 * Fetches `url`, as it is, into the file at `path`. What the file holds already is taken for the beginning of it: only
 * the rest is asked for, if the server can send that. After a failure the file holds what has come.
 * @throws DataError, the network's own error, or the signal's reason.
 */
export async function downloadFile(
  url: string,
  path: string,
  options: Omit<DownloadOptions, 'onBytes'> & {
    /** Bytes that the file holds, given at the start and with every piece. */
    readonly onSize?: (sizeBytes: number) => void;
  },
): Promise<void> {
  const { maxBytes, onSize } = options;
  const begun = await sizeOf(path);
  onSize?.(begun);
  // Stopped after the last byte. Should it be another file, its checksum will say so.
  if (begun === maxBytes) return;
  const headers = { 'accept-encoding': 'identity', ...(begun > 0 && { range: `bytes=${begun}-` }) };
  const isTaken = await request(url, headers, options, async (response, pieces) => {
    // The server's file is no longer than ours: it cannot be the one that ours began with.
    if (response.status === 416 && begun > 0) return false;
    checkStatus(response);
    const goesOn =
      response.status === 206 &&
      response.headers.get('content-range')?.startsWith(`bytes ${begun}-`) === true;
    const file = await open(path, goesOn ? 'a' : 'w');
    try {
      let size = goesOn ? begun : 0;
      for await (const piece of pieces) {
        size += piece.length;
        if (size > maxBytes) {
          await file.truncate(0);
          throw tooLarge(maxBytes);
        }
        await file.writeFile(piece);
        onSize?.(size);
      }
    } finally {
      await file.close();
    }
    return true;
  });
  if (isTaken) return;
  await rm(path);
  await downloadFile(url, path, options);
}

/** Bytes in a file; 0 if there is none. */
async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function checkStatus(response: Response): void {
  if (!response.ok) throw new DataError(`HTTP ${response.status} ${response.statusText}`.trimEnd());
}

function tooLarge(maxBytes: number): DataError {
  return new DataError(`more than the ${maxBytes} bytes expected`);
}

/** Asks for `url` and hands the answer to `read`, which must read its pieces within the limit of silence. */
async function request<T>(
  url: string,
  headers: Readonly<Record<string, string>>,
  { timeoutMs, signal }: Pick<DownloadOptions, 'timeoutMs' | 'signal'>,
  read: (response: Response, pieces: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
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
  const rate = watchRate(timeoutMs, (reason) => controller.abort(reason));
  async function* piecesOf({ body }: Response): AsyncGenerator<Uint8Array> {
    for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
      timer.refresh();
      rate.received(piece.length);
      yield piece;
    }
  }
  try {
    const response = await fetch(url, { headers, signal: controller.signal });
    return await read(response, piecesOf(response));
  } finally {
    clearTimeout(timer);
    rate.stop();
    signal?.removeEventListener('abort', cancel);
    controller.abort(); // lets go of the connection where the body was not read to its end
  }
}
