import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '../../src/train/safetensors.js';

/** A file with this header text and data. */
function file(header: string, data: readonly number[] = [], length = header.length): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}

const tensor = (dtype: string, shape: unknown, offsets: unknown): Record<string, unknown> => ({
  dtype,
  shape,
  data_offsets: offsets,
});

const EXAMPLE: Safetensors = {
  metadata: { format: 'test', größe: '1' },
  tensors: new Map([
    ['a/weight', { shape: [3], data: Int16Array.of(-32768, -1, 32767) }],
    ['b/weight', { shape: [2, 1], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) }],
    ['c/weight', { shape: [], data: Float32Array.of(-0.5) }],
    ['empty', { shape: [0, 4], data: new Int16Array(0) }],
  ]),
};

describe('safetensors', () => {
  it('writes the bytes of the specification', () => {
    const bytes = encodeSafetensors({
      metadata: { k: 'v' },
      tensors: new Map([
        ['s', { shape: [2], data: Int16Array.of(1, -2) }],
        ['w', { shape: [1], data: Int32Array.of(0x01020304) }],
      ]),
    });
    const header =
      '{"__metadata__":{"k":"v"},' +
      '"w":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},' +
      '"s":{"dtype":"I16","shape":[2],"data_offsets":[4,8]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
    expect(bytes).toEqual(file(padded, [4, 3, 2, 1, 1, 0, 0xfe, 0xff]));
  });

  it('starts the data at a multiple of 8 and every tensor at a multiple of its element', () => {
    for (let length = 0; length < 9; length++) {
      const bytes = encodeSafetensors({ ...EXAMPLE, metadata: { pad: 'x'.repeat(length) } });
      expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
      expect(decodeSafetensors(bytes).tensors.get('b/weight')?.data).toEqual(
        Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
      );
    }
  });

  it('reads back what it wrote, also from the middle of a buffer at an odd address', () => {
    const bytes = encodeSafetensors(EXAMPLE);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 1);
    for (const source of [bytes, shifted.subarray(1, 1 + bytes.length)]) {
      const { metadata, tensors } = decodeSafetensors(source);
      expect(metadata).toEqual(EXAMPLE.metadata);
      expect(new Map([...tensors].sort())).toEqual(new Map([...EXAMPLE.tensors].sort()));
    }
  });

  it('reads back any tensors', () => {
    const shape = fc.array(fc.nat(4), { maxLength: 3 });
    const entry = fc.tuple(shape, fc.constantFrom(Int16Array, Int32Array, Float32Array), fc.integer());
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]\w*$/), entry), (entries) => {
        const tensors = new Map(
          Object.entries(entries).map(([name, [sizes, Kind, first]]) => {
            const length = sizes.reduce((product, size) => product * size, 1);
            return [
              name,
              { shape: sizes, data: new Kind(Array.from({ length }, (_, i) => first + i)) },
            ] as const;
          }),
        );
        const found = decodeSafetensors(encodeSafetensors({ metadata: {}, tensors }));
        expect(Object.fromEntries(found.tensors)).toEqual(Object.fromEntries(tensors));
      }),
    );
  });

  it('refuses a tensor whose shape is not its length', () => {
    const tensors = new Map([['w', { shape: [2, 2], data: new Int16Array(3) }]]);
    expect(() => encodeSafetensors({ metadata: {}, tensors })).toThrow(
      new RangeError('safetensors: tensor "w" has the shape [2, 2] but 3 elements'),
    );
  });

  it('refuses a file cut at every length, and one with bytes too many', () => {
    const bytes = encodeSafetensors(EXAMPLE);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(/^safetensors: .*truncated/);
    }
    const longer = new Uint8Array(bytes.length + 2);
    longer.set(bytes);
    expect(() => decodeSafetensors(longer)).toThrow(
      new RangeError('safetensors: 2 trailing bytes belong to no tensor'),
    );
  });

  const one = JSON.stringify({ w: tensor('I16', [2], [0, 4]) });
  it.each<[string, Uint8Array, string]>([
    [
      'a header length beyond the file',
      file(one, [0, 0, 0, 0], 1e9),
      'safetensors: the file gives its header 1000000000 bytes but 58 follow; the file is truncated or of another kind',
    ],
    [
      'a header of no length',
      file(one, [0, 0, 0, 0], 0),
      'safetensors: the file gives its header 0 bytes but 58 follow; the file is truncated or of another kind',
    ],
    [
      'a header that is not JSON',
      file('{"w":'),
      'safetensors: the header is not JSON; the file is corrupted or of another kind',
    ],
    [
      'a header that is not UTF-8',
      file('{"w"}').fill(0xff, 8),
      'safetensors: the header is not JSON; the file is corrupted or of another kind',
    ],
    ['a header that is a list', file('[]'), 'safetensors: the header is not a JSON object'],
    [
      'metadata that is a list',
      file('{"__metadata__":[]}'),
      'safetensors: __metadata__ is not a JSON object',
    ],
    [
      'metadata with a number',
      file('{"__metadata__":{"a":1}}'),
      'safetensors: __metadata__ "a" is not a string',
    ],
    [
      'a tensor that is a number',
      file('{"w":1}'),
      'safetensors: tensor "w" is not described by a JSON object',
    ],
    [
      'an unknown dtype',
      file(JSON.stringify({ w: tensor('BF16', [2], [0, 4]) }), [0, 0, 0, 0]),
      'safetensors: tensor "w": dtype must be I16, I32 or F32, got "BF16"',
    ],
    [
      'a negative size',
      file(JSON.stringify({ w: tensor('I16', [-2], [0, 4]) }), [0, 0, 0, 0]),
      'safetensors: tensor "w": shape must be a list of sizes, got [-2]',
    ],
    [
      'offsets that are not a pair',
      file(JSON.stringify({ w: tensor('I16', [2], [0]) }), [0, 0, 0, 0]),
      'safetensors: tensor "w": data_offsets must be [begin, end], got [0]',
    ],
    [
      'offsets that do not suit the shape',
      file(JSON.stringify({ w: tensor('I32', [2], [0, 4]) }), [0, 0, 0, 0]),
      'safetensors: tensor "w": I32 [2] takes 8 bytes, got data_offsets [0, 4]',
    ],
    [
      'offsets out of range',
      file(JSON.stringify({ w: tensor('I16', [2], [0, 4]) }), [0, 0, 0]),
      'safetensors: tensor "w" ends at byte 4 of the data but there are 3; the file is truncated',
    ],
    [
      'overlapping tensors',
      file(
        JSON.stringify({ v: tensor('I16', [2], [0, 4]), w: tensor('I16', [2], [2, 6]) }),
        [0, 0, 0, 0, 0, 0],
      ),
      'safetensors: tensor "w" must begin at byte 4 of the data, got 2; tensors may not overlap or leave gaps',
    ],
    [
      'a gap',
      file(
        JSON.stringify({ v: tensor('I16', [1], [0, 2]), w: tensor('I16', [1], [4, 6]) }),
        [0, 0, 0, 0, 0, 0],
      ),
      'safetensors: tensor "w" must begin at byte 2 of the data, got 4; tensors may not overlap or leave gaps',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(new RangeError(message));
  });
});
