import { deflateSync } from 'node:zlib';
import { encode as encodePng, type ImageData } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/data/node/image-file.js';
import { exifOf, jpegFile, pngFile, withSegment } from './images.js';
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

  test('a transparent colour (tRNS) is white, in pictures of any size', () => {
    const bytes = pngFile({ width: 3, height: 1 }, [0, 6, 7, 8], [['tRNS', [0, 7]]]);
    expect(decodeImage(bytes, 'x')).toEqual(grey([6, 255, 8], 3));
    const two = pngFile(
      { width: 2, height: 1, colourType: 2 },
      [0, 7, 8, 9, 40, 50, 60],
      [['tRNS', [0, 7, 0, 8, 0, 9]]],
    );
    expect([...decodeImage(two, 'x').data]).toEqual([255, 255, 255, 40, 50, 60]);
    const bits = pngFile({ width: 4, height: 1, depth: 2 }, [0, 0b00011011], [['tRNS', [0, 2]]]);
    expect(decodeImage(bits, 'x')).toEqual(grey([0, 85, 255, 255], 4));
    const wide = pngFile({ width: 2, height: 1, depth: 16 }, [0, 1, 2, 1, 3], [['tRNS', [1, 2]]]);
    expect(decodeImage(wide, 'x')).toEqual(grey([255, 1], 2));
  });

  test('an interlaced one of 16 bits', () => {
    const data = Uint16Array.from(range(45 * 3), (i) => (i * 1999) & 0xffff);
    const bytes = encodePng({ width: 9, height: 5, channels: 3, depth: 16, data }, { interlace: 'Adam7' });
    expect(decodeImage(bytes, 'x').data).toEqual(Uint8Array.from(data, (sample) => sample >> 8));
  });

  const iccProfile = (text: string): number[] => [
    ...Buffer.from('ICC profile\0\0'),
    ...deflateSync(Buffer.from(text)),
  ];
  const other = ['name other colours than sRGB; their samples are read as stored'];
  test.each([
    ['a gamma of sRGB', [['gAMA', [0, 0, 0xb1, 0x8f]]], undefined],
    ['a gamma of 1', [['gAMA', [0, 1, 0x86, 0xa0]]], other],
    [
      'a gamma of 1 that sRGB overrides',
      [
        ['sRGB', [0]],
        ['gAMA', [0, 1, 0x86, 0xa0]],
      ],
      undefined,
    ],
    ['a profile called sRGB', [['iCCP', iccProfile('desc sRGB IEC61966-2.1')]], undefined],
    ['another profile', [['iCCP', iccProfile('desc Display P3')]], other],
    ['a broken profile', [['iCCP', [...Buffer.from('name\0\0'), 1, 2]]], other],
    ['code points of sRGB', [['cICP', [1, 13, 0, 1]]], undefined],
    [
      'code points of BT.2020 that override sRGB',
      [
        ['cICP', [9, 16, 0, 1]],
        ['sRGB', [0]],
      ],
      other,
    ],
    ['animation', [['acTL', range(8)]], ['are animated; their first picture is read']],
  ] as const)('what is not obeyed is remarked: %s', (_, chunks, remarks) => {
    const image = decodeImage(pngFile({ width: 2, height: 1 }, [0, 5, 6], chunks), 'x');
    expect(image.remarks).toEqual(remarks);
    expect([...image.data]).toEqual([5, 6]);
  });
});

describe('orientation', () => {
  // Stored as 1 2 3 over 4 5 6; what a viewer shows.
  const shown = {
    1: [3, [1, 2, 3, 4, 5, 6]],
    2: [3, [3, 2, 1, 6, 5, 4]],
    3: [3, [6, 5, 4, 3, 2, 1]],
    4: [3, [4, 5, 6, 1, 2, 3]],
    5: [2, [1, 4, 2, 5, 3, 6]],
    6: [2, [4, 1, 5, 2, 6, 3]],
    7: [2, [6, 3, 5, 2, 4, 1]],
    8: [2, [3, 6, 2, 5, 1, 4]],
    9: [3, [1, 2, 3, 4, 5, 6]],
  } as const;
  const rows = [0, 1, 2, 3, 0, 4, 5, 6];

  test.each(Object.entries(shown))('PNG, value %s', (value, [width, pixels]) => {
    for (const order of ['II', 'MM'] as const) {
      const bytes = pngFile({ width: 3, height: 2 }, rows, [['eXIf', exifOf(Number(value), order)]]);
      expect(decodeImage(bytes, 'x')).toEqual(grey(pixels, width));
    }
  });

  test.each(Object.entries(shown))('JPEG, value %s', (value, [width, pixels]) => {
    // Each pixel as a block of 8 x 8, which a JPEG keeps exactly.
    const jpeg = jpegFile(24, 16, (x, y) => 40 * (1 + (x >> 3) + 3 * (y >> 3)));
    const exif = [...Buffer.from('Exif\0\0'), ...exifOf(Number(value))];
    const image = decodeImage(withSegment(jpeg, 0xe1, exif), 'x');
    expect([image.width, image.height, image.channels]).toEqual([8 * width, 48 / width, 1]);
    const middles = pixels.map((_, i) => {
      const at = (8 * Math.floor(i / width) + 4) * image.width + 8 * (i % width) + 4;
      return image.data[at]! / 40;
    });
    expect(middles).toEqual(pixels);
  });

  test('damaged Exif data are no orientation', () => {
    const exif = exifOf(6);
    for (let length = 0; length < 20; length++) {
      const bytes = pngFile({ width: 3, height: 2 }, rows, [['eXIf', exif.subarray(0, length)]]);
      expect(decodeImage(bytes, 'x')).toEqual(
        grey(
          range(6).map((i) => i + 1),
          3,
        ),
      );
    }
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

  // Components 200, 128, 128: grey as YCbCr, a red as RGB.
  const bare = jpegFile(8, 8, () => 200, { isBare: true });
  const adobe = (transform: number): number[] => [...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform];
  const named = (names: string): Uint8Array => {
    const bytes = Buffer.from(bare);
    const frame = bytes.indexOf(Buffer.of(255, 0xc0));
    const scan = bytes.indexOf(Buffer.of(255, 0xda));
    names.split('').forEach((name, i) => {
      bytes[frame + 10 + 3 * i] = name.charCodeAt(0);
      bytes[scan + 5 + 2 * i] = name.charCodeAt(0);
    });
    return bytes;
  };
  const jfif = jpegFile(8, 8, () => 200);
  test.each([
    ['neither JFIF nor Adobe', bare, [200]],
    ['Adobe, no transform', withSegment(bare, 0xee, adobe(0)), [200, 128, 128]],
    ['Adobe, YCbCr', withSegment(bare, 0xee, adobe(1)), [200]],
    ['names R G B', named('RGB'), [200, 128, 128]],
    ['names R G B, but YCbCr by Adobe', withSegment(named('RGB'), 0xee, adobe(1)), [200]],
    ['JFIF goes before Adobe', withSegment(jfif, 0xee, adobe(0)), [200]],
  ])('which colours the components are: %s', (_, bytes, pixel) => {
    const { channels, data } = decodeImage(bytes, 'x');
    expect([channels, ...data.subarray(0, channels)]).toEqual([pixel.length, ...pixel]);
  });

  test('a profile other than sRGB is remarked', () => {
    const profile = (text: string): number[] => [...Buffer.from(`ICC_PROFILE\0\x01\x01${text}`, 'latin1')];
    const remarks = (text: string): unknown =>
      decodeImage(withSegment(jfif, 0xe2, profile(text)), 'x').remarks;
    expect(remarks('desc sRGB IEC61966-2.1')).toBeUndefined();
    expect(remarks('s\0R\0G\0B\0')).toBeUndefined();
    expect(remarks('Display P3')).toEqual(['name other colours than sRGB; their samples are read as stored']);
  });

  const changed = (change: (bytes: Uint8Array, frame: number) => void): Uint8Array => {
    const bytes = Uint8Array.from(jfif);
    change(bytes, Buffer.from(jfif).indexOf(Buffer.of(255, 0xc0)));
    return bytes;
  };
  test.each([
    [
      '12 bits',
      (bytes: Uint8Array, frame: number) => bytes.set([12], frame + 4),
      'it has 12 bits a sample; save it with 8',
    ],
    [
      'arithmetic coding',
      (bytes: Uint8Array, frame: number) => bytes.set([0xc9], frame + 1),
      'it is a lossless, hierarchical or arithmetic-coded JPEG; save it as a baseline or progressive one',
    ],
    [
      'two components of one name',
      (bytes: Uint8Array, frame: number) => bytes.set([1], frame + 13),
      'two of its components have one name',
    ],
    [
      'no rows',
      (bytes: Uint8Array, frame: number) => bytes.set([0, 0], frame + 5),
      'the image has 0 pixels, 1 to 16777216 are read',
    ],
  ])('refused: %s', (_, change, message) => {
    expect(thrown(() => decodeImage(changed(change), 'f'))).toBe(
      `DataError: f: must be a readable PNG or JPEG image, got an error: ${message}`,
    );
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
      `${rule} it has neither a PNG nor a JPEG signature; it is a GIF image: save it as PNG`,
    );
  });

  test.each([
    [
      'absurd sizes',
      { width: 2 ** 31 - 1, height: 8 },
      'the image has 17179869176 pixels, 1 to 16777216 are read',
    ],
    [
      'interlaced bits, which the decoder would garble',
      { width: 8, height: 1, depth: 1, interlace: 1 },
      'it is interlaced with fewer than 8 bits a sample; save it without interlacing',
    ],
    [
      'impossible bits',
      { width: 1, height: 1, depth: 4, colourType: 2 },
      'there is no colour type 2 with 4 bits a sample',
    ],
    ['a row too few', { width: 1, height: 2 }, 'its header promises 4 bytes of picture, got 2'],
  ])('%s', (_, header, message) => {
    expect(thrown(() => decodeImage(pngFile(header, [0, 1]), 'f'))).toBe(`${rule} ${message}`);
  });

  test('more picture than promised, as in a bomb', () => {
    const bytes = pngFile({ width: 1, height: 1 }, Array<number>(1e6).fill(0));
    expect(thrown(() => decodeImage(bytes, 'f'))).toBe(
      `${rule} its header promises 2 bytes of picture, got more`,
    );
  });

  test('a chunk that a reader must know', () => {
    const bytes = pngFile({ width: 1, height: 1 }, [0, 1], [['CgBI', [0, 0, 0, 0]]]);
    expect(thrown(() => decodeImage(bytes, 'f'))).toBe(
      `${rule} it needs a reader that knows its chunk CgBI; save it as a plain PNG`,
    );
  });

  test('a palette index without a colour', () => {
    const palette = [[255, 0, 0]];
    const bytes = png({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 1), palette });
    expect(thrown(() => decodeImage(bytes, 'f'))).toBe(`${rule} palette index 1 of 1 colours`);
  });
});
