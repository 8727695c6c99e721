/** Small PNG and JPEG files with whatever segment or chunk a test needs. */
import { deflateSync } from 'node:zlib';
import { encode as encodeJpeg } from 'jpeg-js';

/** A PNG of rows that each begin with their filter byte; `extra` chunks stand before the picture. */
export function pngFile(
  header: {
    readonly width: number;
    readonly height: number;
    readonly depth?: number;
    readonly colourType?: number;
    readonly interlace?: number;
  },
  rows: readonly number[],
  extra: readonly (readonly [type: string, body: ArrayLike<number>])[] = [],
): Uint8Array {
  const { width, height, depth = 8, colourType = 0, interlace = 0 } = header;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([depth, colourType, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk('IHDR', head),
    ...extra.map(([type, body]) => chunk(type, Buffer.from(Array.from(body)))),
    chunk('IDAT', deflateSync(Buffer.from(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(type, 'latin1'), body, Buffer.alloc(4)]);
  bytes.writeUInt32BE(body.length, 0);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + body.length)), 8 + body.length);
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A JPEG of grey values, 8-bit, as YCbCr; without its JFIF segment if `isBare`. */
export function jpegFile(
  width: number,
  height: number,
  value: (x: number, y: number) => number,
  { isBare = false }: { readonly isBare?: boolean } = {},
): Uint8Array {
  const data = new Uint8Array(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.fill(value(x, y), (y * width + x) * 4, (y * width + x) * 4 + 3);
  }
  const bytes = encodeJpeg({ width, height, data }, 100).data;
  const jfifBytes = 18;
  return isBare ? Buffer.concat([bytes.subarray(0, 2), bytes.subarray(2 + jfifBytes)]) : bytes;
}

/** The JPEG with one more segment at its beginning. */
export function withSegment(jpeg: Uint8Array, marker: number, body: ArrayLike<number>): Uint8Array {
  const head = Buffer.of(0xff, marker, 0, 0);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, Buffer.from(Array.from(body)), jpeg.subarray(2)]);
}

/** Exif data with one entry, the orientation, in either order of bytes. */
export function exifOf(orientation: number, order: 'II' | 'MM' = 'II'): Uint8Array {
  const little = order === 'II';
  const bytes = new Uint8Array(26);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(order));
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, 0x0112, little);
  view.setUint16(12, 3, little);
  view.setUint32(14, 1, little);
  view.setUint16(18, orientation, little);
  return bytes;
}
