import { encode as encodePng, type ImageData } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/data/node/image-file.js';
import { range, thrown } from './support.js';

const png = (image: ImageData): Uint8Array => encodePng(image);
const grey = (data: readonly number[], width: number): object => ({
  width,
  height: data.length / width,
  channels: 1,
  data: Uint8Array.from(data),
});

describe('PNG', () => {
  test('8-bit grey and RGB come out as they are', () => {
    const pixels = range(12).map((i) => 20 * i);
    const data = Uint8Array.from(pixels);
    expect(decodeImage(png({ width: 4, height: 3, channels: 1, data }), 'x')).toEqual(grey(pixels, 4));
    expect(decodeImage(png({ width: 2, height: 2, channels: 3, data }), 'x')).toEqual({
      width: 2,
      height: 2,
      channels: 3,
      data,
    });
  });

  test('an interlaced one too', () => {
    const data = Uint8Array.from(range(81 * 3), (i) => (i * 7) & 255);
    const bytes = encodePng({ width: 9, height: 9, channels: 3, data }, { interlace: 'Adam7' });
    expect(decodeImage(bytes, 'x').data).toEqual(data);
  });

  test('RGB whose pixels are all grey has one channel', () => {
    const data = Uint8Array.of(1, 1, 1, 250, 250, 250);
    expect(decodeImage(png({ width: 2, height: 1, channels: 3, data }), 'x')).toEqual(grey([1, 250], 2));
  });

  test('16 bits keep the high byte', () => {
    const data = Uint16Array.of(0, 0x00ff, 0x0100, 0xabcd, 0xffff, 0x7fff);
    expect(decodeImage(png({ width: 3, height: 2, channels: 1, depth: 16, data }), 'x')).toEqual(
      grey([0, 0, 1, 0xab, 0xff, 0x7f], 3),
    );
  });

  test.each([
    [1, [0b10110000, 0b01001000], [255, 0, 255, 255, 0, 0, 255, 0, 0, 255]],
    [2, [0b00011011, 0b11000000, 0b11100100, 0b01000000], [0, 85, 170, 255, 255, 255, 170, 85, 0, 85]],
    [4, [0x01, 0x23, 0x40, 0x89, 0xab, 0xf0], [0, 17, 34, 51, 68, 136, 153, 170, 187, 255]],
  ] as const)('%i bits are spread over 0..255, rows start on a byte', (depth, bytes, expected) => {
    const data = Uint8Array.from(bytes);
    const image = decodeImage(png({ width: 5, height: 2, channels: 1, depth, data }), 'x');
    expect(image).toEqual(grey([...expected], 5));
  });

  test('a palette is expanded, at 1 and at 8 bits', () => {
    const palette = [
      [255, 0, 0],
      [0, 0, 255],
    ];
    const rgb = Uint8Array.of(255, 0, 0, 0, 0, 255, 0, 0, 255);
    const eight = png({ width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 1, 1), palette });
    const one = png({ width: 3, height: 1, channels: 1, depth: 1, data: Uint8Array.of(0b01100000), palette });
    for (const bytes of [eight, one]) {
      expect(decodeImage(bytes, 'x')).toEqual({ width: 3, height: 1, channels: 3, data: rgb });
    }
  });

  test('transparency is laid over white: alpha channel, palette', () => {
    // 0, 51, 255 of alpha over black leave 255, 204, 0.
    const black = Uint8Array.of(0, 0, 0, 51, 0, 255);
    expect(decodeImage(png({ width: 3, height: 1, channels: 2, data: black }), 'x')).toEqual(
      grey([255, 204, 0], 3),
    );
    const red = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 255);
    const over = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 255, 255, 255, 0, 0) };
    expect(decodeImage(png({ width: 2, height: 1, channels: 4, data: red }), 'x')).toEqual(over);
    const palette = [
      [255, 0, 0, 0],
      [255, 0, 0, 255],
    ];
    const indexed = png({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 1), palette });
    expect(decodeImage(indexed, 'x')).toEqual(over);
  });

  test('a transparent colour (tRNS) is white', () => {
    const key = Uint8Array.of(0, 7);
    const bytes = withChunk(
      png({ width: 3, height: 1, channels: 1, data: Uint8Array.of(6, 7, 8) }),
      'tRNS',
      key,
    );
    expect(decodeImage(bytes, 'x')).toEqual(grey([6, 255, 8], 3));
  });
});

describe('JPEG', () => {
  test('grey and colour', () => {
    const rgba = (red: number, green: number, blue: number): Uint8Array =>
      Uint8Array.from(range(64 * 4), (i) => [red, green, blue, 255][i % 4]!);
    const encode = (data: Uint8Array): Uint8Array => encodeJpeg({ width: 8, height: 8, data }, 100).data;
    expect(decodeImage(encode(rgba(200, 200, 200)), 'x')).toEqual(grey(Array<number>(64).fill(200), 8));
    const red = decodeImage(encode(rgba(255, 0, 0)), 'x');
    expect([red.width, red.height, red.channels]).toEqual([8, 8, 3]);
    expect([...red.data.subarray(0, 3)]).toEqual([254, 0, 0]);
  });
});

describe('broken images', () => {
  const rule = 'DataError: f: must be a readable PNG or JPEG image, got an error:';
  const good = png({ width: 8, height: 8, channels: 1, data: Uint8Array.from(range(64)) });
  const jpeg = encodeJpeg({ width: 8, height: 8, data: Uint8Array.from(range(256)) }, 50).data;

  test('every truncation of a PNG and of a JPEG is refused', () => {
    for (const bytes of [good, jpeg]) {
      for (let length = 0; length < bytes.length; length += 1) {
        expect(thrown(() => decodeImage(bytes.subarray(0, length), 'f'))).toMatch(
          /^DataError: f: must be a readable PNG or JPEG image, got an error: ./,
        );
      }
    }
  });

  test('every flipped byte behind the signature of a PNG is refused', () => {
    for (let at = 8; at < good.length - 12; at++) {
      const bytes = Uint8Array.from(good);
      bytes[at]! ^= 0x10;
      expect(thrown(() => decodeImage(bytes, 'f'))).toContain(rule);
    }
  });

  test('other content', () => {
    expect(thrown(() => decodeImage(new TextEncoder().encode('GIF89a'), 'f'))).toBe(
      `${rule} it has neither a PNG nor a JPEG signature`,
    );
  });

  test('absurd sizes are refused before memory is asked for', () => {
    const bytes = Uint8Array.from(good);
    bytes.set([0x7f, 0xff, 0xff, 0xff], 16);
    expect(thrown(() => decodeImage(bytes, 'f'))).toBe(
      `${rule} the image has 17179869176 pixels, 1 to 16777216 are read`,
    );
  });

  test('interlaced bits, which the decoder would garble', () => {
    const bytes = png({ width: 8, height: 1, channels: 1, depth: 1, data: Uint8Array.of(1) });
    bytes[28] = 1;
    expect(thrown(() => decodeImage(bytes, 'f'))).toBe(
      `${rule} it is interlaced with fewer than 8 bits a sample; save it without interlacing`,
    );
  });

  test('a palette index without a colour', () => {
    const palette = [[255, 0, 0]];
    const bytes = png({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 1), palette });
    expect(thrown(() => decodeImage(bytes, 'f'))).toBe(`${rule} palette index 1 of 1 colours`);
  });
});

/** The PNG with one more chunk before its IDAT. */
function withChunk(bytes: Uint8Array, type: string, data: Uint8Array): Uint8Array {
  const at = Buffer.from(bytes).indexOf('IDAT') - 4;
  const chunk = Buffer.concat([Buffer.alloc(4), Buffer.from(type), data, Buffer.alloc(4)]);
  chunk.writeUInt32BE(data.length, 0);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return Buffer.concat([bytes.subarray(0, at), chunk, bytes.subarray(at)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
