/**
 * PNG to pixels. fast-png decodes the picture itself; the chunks around it are read here, so that each of them is obeyed,
 * remarked or refused. Every chunk's check sum is compared.
 */
import { inflateSync } from 'node:zlib';
import { decode, hasPngSignature, type DecodedPng } from 'fast-png';
import { DataError } from '../index.js';
import { crc32 } from '../readers.js';
import { orientationOf } from './orientation.js';
import { checkSize, isSrgbProfile, OTHER_COLOURS, type StoredImage } from './stored-image.js';

export { hasPngSignature };

const MAX_PROFILE_BYTES = 1 << 22;
const SIGNATURE_BYTES = 8;
const PALETTE = 3;
/** Samples a pixel and the bits that a sample may have, by colour type. */
const COLOUR_TYPES: Readonly<
  Record<number, { readonly samples: number; readonly depths: readonly number[] }>
> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] },
};
/** First column, first row, and the distances to the next, of each pass of an interlaced picture. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
/** The gamma of sRGB as gAMA has it, 100000 / 2.2, give or take 1 %. */
const [SRGB_GAMMA_MIN, SRGB_GAMMA_MAX] = [45_000, 45_910];

/** sRGB in the code points of ITU-T H.273. */
const [SRGB_PRIMARIES, SRGB_TRANSFER] = [1, 13];

interface Chunk {
  readonly type: string;
  readonly body: Uint8Array;
  /** The whole chunk: length, type, body, check sum. */
  readonly bytes: Uint8Array;
}

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colourType: number;
  readonly isInterlaced: boolean;
}

/** Decodes a PNG. @throws DataError for what it cannot obey; the decoder's errors. */
export function decodePng(bytes: Uint8Array): StoredImage {
  const chunks = readChunks(bytes);
  const find = (type: string): Uint8Array | undefined => chunks.find((chunk) => chunk.type === type)?.body;
  const header = readHeader(chunks);
  checkPicture(chunks, header);
  const hasPalette = header.colourType === PALETTE;
  // The decoder needs no more than these, and stumbles over a transparent colour in a picture of two pixels.
  const needed = ['IHDR', 'IDAT', 'IEND', ...(hasPalette ? ['PLTE', 'tRNS'] : [])];
  const parts = chunks.filter(({ type }) => needed.includes(type)).map((chunk) => chunk.bytes);
  const png = decode(Buffer.concat([bytes.subarray(0, SIGNATURE_BYTES), ...parts]));
  const samples = unpackSamples(png);
  const { width, height } = header;
  const picture = hasPalette
    ? throughPalette(samples, png.palette ?? [])
    : withTransparency(samples, header, find('tRNS'));
  const remarks = [
    ...(hasOtherColours(find) ? [OTHER_COLOURS] : []),
    ...(find('acTL') ? ['are animated; their first picture is read'] : []),
  ];
  return { width, height, ...picture, orientation: orientationOf(find('eXIf') ?? new Uint8Array()), remarks };
}

/** The chunks up to the end. @throws DataError for a damaged one, or one that a reader must know and this one does not. */
function readChunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE_BYTES; ;) {
    const length = at + 12 <= bytes.length ? view.getUint32(at) : Infinity;
    if (at + 12 + length > bytes.length) throw new DataError('the file is truncated');
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const chunk = bytes.subarray(at, at + 12 + length);
    if (crc32(chunk.subarray(4, 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw new DataError(`the check sum of a chunk at byte ${at} is wrong; the file is damaged`);
    }
    if (/^[A-Z]/.test(type) && !['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(type)) {
      throw new DataError(`it needs a reader that knows its chunk ${type}; save it as a plain PNG`);
    }
    chunks.push({ type, body: chunk.subarray(8, 8 + length), bytes: chunk });
    if (type === 'IEND') return chunks;
    at += 12 + length;
  }
}

function readHeader(chunks: readonly Chunk[]): Header {
  const heads = chunks.filter(({ type }) => type === 'IHDR');
  const body = heads[0]?.body;
  if (body?.length !== 13 || heads.length > 1 || chunks[0]?.type !== 'IHDR') {
    throw new DataError('it must begin with one header of 13 bytes');
  }
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colourType, interlace] = [body[8]!, body[9]!, body[12]!];
  checkSize(width, height);
  if (COLOUR_TYPES[colourType]?.depths.includes(depth) !== true) {
    throw new DataError(`there is no colour type ${colourType} with ${depth} bits a sample`);
  }
  // The decoder would garble it.
  if (depth < 8 && interlace !== 0) {
    throw new DataError('it is interlaced with fewer than 8 bits a sample; save it without interlacing');
  }
  return { width, height, depth, colourType, isInterlaced: interlace !== 0 };
}

/** Checks that the compressed picture has exactly the bytes that its header promises: the decoder makes up what is missing. */
function checkPicture(chunks: readonly Chunk[], header: Header): void {
  const { width, height, depth, colourType, isInterlaced } = header;
  const bits = depth * COLOUR_TYPES[colourType]!.samples;
  const passes = isInterlaced ? ADAM7 : [[0, 0, 1, 1] as const];
  const promised = passes.reduce((sum, [left, top, right, down]) => {
    const columns = Math.ceil((width - left) / right);
    const rows = Math.ceil((height - top) / down);
    return columns > 0 && rows > 0 ? sum + rows * (1 + Math.ceil((columns * bits) / 8)) : sum;
  }, 0);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ body }) => body));
  const got = inflated(packed, promised)?.length ?? 'more';
  if (got !== promised) throw new DataError(`its header promises ${promised} bytes of picture, got ${got}`);
}

/** True for code points (cICP), a profile or a gamma that are not those of sRGB. The first of them that is there counts. */
function hasOtherColours(find: (type: string) => Uint8Array | undefined): boolean {
  const points = find('cICP');
  if (points) return points[0] !== SRGB_PRIMARIES || points[1] !== SRGB_TRANSFER;
  if (find('sRGB')) return false;
  const profile = find('iCCP');
  if (profile) return !isSrgbProfile(unpackedProfile(profile));
  const gamma = find('gAMA');
  if (gamma?.length !== 4) return false;
  const value = new DataView(gamma.buffer, gamma.byteOffset, 4).getUint32(0);
  return value < SRGB_GAMMA_MIN || value > SRGB_GAMMA_MAX;
}

/** The name of a profile and the profile itself; the name alone if that is damaged or absurdly large. */
function unpackedProfile(chunk: Uint8Array): Uint8Array {
  const nameEnd = chunk.indexOf(0);
  const name = chunk.subarray(0, nameEnd);
  try {
    const profile = inflated(chunk.subarray(nameEnd + 2), MAX_PROFILE_BYTES);
    return Buffer.concat([name, profile ?? name]);
  } catch {
    return name;
  }
}

/** The unpacked bytes; undefined if there are more than `mostBytes`. @throws the system's error for damaged ones. */
function inflated(bytes: Uint8Array, mostBytes: number): Uint8Array | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/** One element a sample; rows of fewer than 8 bits a sample come packed, each starting on a byte. */
function unpackSamples(png: DecodedPng): Uint8Array | Uint16Array {
  const { width, height, depth, data } = png;
  if (depth === 16) return data instanceof Uint16Array ? data : Uint16Array.from(data);
  if (depth === 8) return data instanceof Uint8Array ? data : Uint8Array.from(data);
  const samples = new Uint8Array(width * height);
  const bytesPerRow = (width * depth + 7) >> 3;
  const mask = (1 << depth) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      samples[y * width + x] = (data[y * bytesPerRow + (bit >> 3)]! >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return samples;
}

/** 8 bits a sample; a transparent colour turns grey and RGB into grey + alpha and RGB + alpha. */
function withTransparency(
  samples: Uint8Array | Uint16Array,
  { width, height, depth, colourType }: Header,
  transparent: Uint8Array | undefined,
): { channels: number; data: Uint8Array } {
  const channels = COLOUR_TYPES[colourType]!.samples;
  const hasColour = transparent !== undefined && channels % 2 === 1;
  if (hasColour && transparent.length !== 2 * channels) {
    throw new DataError(`its transparent colour needs ${2 * channels} bytes, got ${transparent.length}`);
  }
  const key = Array.from({ length: hasColour ? channels : 0 }, (_, c) => {
    return transparent![2 * c]! * 256 + transparent![2 * c + 1]!;
  });
  const shift = depth === 16 ? 8 : 0;
  const spread = depth < 8 ? 255 / ((1 << depth) - 1) : 1;
  const outChannels = hasColour ? channels + 1 : channels;
  const data = new Uint8Array(width * height * outChannels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    let matches = hasColour;
    for (let c = 0; c < channels; c++) {
      const sample = samples[pixel * channels + c]!;
      if (sample !== key[c]) matches = false;
      data[pixel * outChannels + c] = (sample >> shift) * spread;
    }
    if (hasColour) data[pixel * outChannels + channels] = matches ? 0 : 255;
  }
  return { channels: outChannels, data };
}

function throughPalette(
  indices: Uint8Array | Uint16Array,
  palette: readonly (readonly number[])[],
): { channels: number; data: Uint8Array } {
  const channels = palette[0]?.length ?? 3;
  const data = new Uint8Array(indices.length * channels);
  indices.forEach((index, pixel) => {
    const colour = palette[index];
    if (!colour) throw new DataError(`palette index ${index} of ${palette.length} colours`);
    data.set(colour, pixel * channels);
  });
  return { channels, data };
}
