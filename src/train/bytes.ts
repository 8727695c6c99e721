/**
 * Typed arrays as little-endian bytes, and SHA-256, so that files and digests are the same on every machine.
 */
import type { TensorData } from '../backend/index.js';

const HOST_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[i - (i % size) + size - 1 - (i % size)]!;
  return out;
}

/** The elements as little-endian bytes; a view of `data` if the machine is little-endian. */
export function littleEndianBytes(data: TensorData): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return HOST_IS_LITTLE_ENDIAN ? bytes : swapped(bytes, data.BYTES_PER_ELEMENT);
}

/** A copy of little-endian `bytes` in a new, aligned buffer, in the machine's byte order. */
export function nativeBuffer(bytes: Uint8Array, elementSize: number): ArrayBuffer {
  const copy = new Uint8Array(HOST_IS_LITTLE_ENDIAN ? bytes : swapped(bytes, elementSize));
  return copy.buffer;
}

/** All parts concatenated. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** SHA-256 of the concatenated parts, as 64 hexadecimal digits. */
export async function sha256(...parts: readonly Uint8Array[]): Promise<string> {
  const hash = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', concatenate(parts)));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
