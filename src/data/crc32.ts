/** CRC-32 of IEEE 802.3, as PNG and ZIP have it: polynomial 0xedb88320, reflected. */
import { BYTES, checkArgument } from '../numerics/arguments.js';
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** The check sum of `bytes`, an unsigned 32-bit integer. */
export function crc32(bytes: Uint8Array): number {
  checkArgument('crc32', bytes, BYTES);
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}
