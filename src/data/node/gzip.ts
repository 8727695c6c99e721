/** Gzip files, unpacked within limits: a few megabytes of gzip can hold gigabytes of zeros. */
import { promisify } from 'node:util';
import { createGunzip, gunzip } from 'node:zlib';
import { DataError } from '../index.js';

/** No array of Node's file system is longer either. */
const MOST_BYTES = 2 ** 31 - 1;

/** True for the first bytes of a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** The content of gzip bytes of at most `maxBytes`, or the bytes themselves. @throws DataError for broken gzip. */
export async function unpack(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new DataError(`more than the ${maxBytes} bytes expected`, { cause: error });
    }
    throw new DataError('broken gzip data', { cause: error });
  }
}

/**
 * Unpacks a gzip file whose head gives its size.
 * @param headBytes how much of the content `sizeOf` sees; less if there is no more
 * @param sizeOf bytes of the whole content; what it throws ends the unpacking
 * @throws DataError for broken gzip, and for content that is longer than its head or any file may be.
 */
export async function unpackTo(
  bytes: Uint8Array,
  path: string,
  headBytes: number,
  sizeOf: (head: Uint8Array) => number,
): Promise<Uint8Array> {
  const stream = createGunzip();
  stream.end(bytes);
  let head = new Uint8Array();
  let content: Uint8Array | null = null;
  let size = 0;
  const begin = (): Uint8Array => {
    const promised = sizeOf(head);
    if (promised > MOST_BYTES) {
      throw new DataError(`${path}: unpacked, at most ${MOST_BYTES} bytes are read, got ${promised}`);
    }
    const whole = new Uint8Array(promised);
    whole.set(head.subarray(0, promised));
    return whole;
  };
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      if (content === null) {
        head = Buffer.concat([head, piece]);
        size = head.length;
        if (size < headBytes) continue;
        content = begin();
      } else {
        if (size + piece.length <= content.length) content.set(piece, size);
        size += piece.length;
      }
      if (size > content.length) {
        throw new DataError(
          `${path}: the header promises ${content.length} bytes in all, got more; the file is damaged`,
        );
      }
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: must be a whole gzip file, got broken gzip data`, { cause: error });
  } finally {
    stream.destroy();
  }
  return (content ?? begin()).subarray(0, size);
}
