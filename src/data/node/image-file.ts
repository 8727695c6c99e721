/**
 * One PNG or JPEG file to 8-bit pixels, grey or RGB. Palettes are expanded, 16-bit samples keep their high byte,
 * fewer bits are spread over 0..255, transparency is laid over white. An image whose pixels are all grey
 * comes out with one channel, however the file stores it.
 */
import { decode as decodeJpeg } from 'jpeg-js';
import { decode as decodePng, hasPngSignature, type DecodedPng } from 'fast-png';
import { DataError } from '../index.js';
import { reasonOf } from './reason.js';

export interface GreyOrRgb {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Larger images are surely a mistake, or a damaged header that would take all memory. */
const MAX_PIXELS = 1 << 24;

/** Decodes by content, whatever the file is called. @throws DataError that names the file. */
export function decodeImage(bytes: Uint8Array, name: string): GreyOrRgb {
  let rgba: Rgba;
  try {
    if (hasPngSignature(bytes)) rgba = fromPng(bytes);
    else if (bytes[0] === 0xff && bytes[1] === 0xd8) rgba = fromJpeg(bytes);
    else throw new DataError('it has neither a PNG nor a JPEG signature');
  } catch (error) {
    throw new DataError(`${name}: must be a readable PNG or JPEG image, got an error: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return overWhite(rgba);
}

/** Pixels of one to four channels: grey, grey + alpha, RGB, RGB + alpha. */
interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

function fromJpeg(bytes: Uint8Array): Rgba {
  const options = {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: 16,
  } as const;
  const { width, height, data } = decodeJpeg(bytes, options);
  return { width, height, channels: 3, data };
}

function fromPng(bytes: Uint8Array): Rgba {
  checkPngHeader(bytes);
  const png = decodePng(bytes, { checkCrc: true });
  const { width, height } = png;
  const samples = unpackSamples(png);
  if (png.palette && png.channels === 1) return { width, height, ...throughPalette(samples, png.palette) };
  const { channels, transparency } = png;
  const shift = png.depth === 16 ? 8 : 0;
  const spread = png.depth < 8 ? 255 / ((1 << png.depth) - 1) : 1;
  const colour = channels === 2 ? 1 : Math.min(channels, 3);
  // A transparent colour (tRNS) turns grey and RGB into grey + alpha and RGB + alpha.
  const keyed = transparency?.length === channels;
  const outChannels = keyed ? channels + 1 : channels;
  const data = new Uint8Array(width * height * outChannels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    let matches = keyed;
    for (let c = 0; c < channels; c++) {
      const sample = samples[pixel * channels + c]!;
      if (keyed && sample !== transparency[c]) matches = false;
      data[pixel * outChannels + c] = (sample >> shift) * spread;
    }
    if (keyed) data[pixel * outChannels + colour] = matches ? 0 : 255;
  }
  return { width, height, channels: outChannels, data };
}

/** What the decoder would get wrong is refused: it allocates whatever size stands there, and garbles interlaced bits. */
function checkPngHeader(bytes: Uint8Array): void {
  const [width, height, depth, interlace] = [16, 20, 24, 28];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length <= interlace) throw new DataError('the file is truncated');
  const pixels = view.getUint32(width) * view.getUint32(height);
  if (pixels < 1 || pixels > MAX_PIXELS) {
    throw new DataError(`the image has ${pixels} pixels, 1 to ${MAX_PIXELS} are read`);
  }
  if (view.getUint8(depth) < 8 && view.getUint8(interlace) !== 0) {
    throw new DataError('it is interlaced with fewer than 8 bits a sample; save it without interlacing');
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

/** Lays transparent pixels over white, and drops to one channel where every pixel is grey. */
function overWhite({ width, height, channels, data }: Rgba): GreyOrRgb {
  const colour = channels <= 2 ? 1 : 3;
  const pixels = width * height;
  let out = data;
  if (channels !== colour) {
    out = new Uint8Array(pixels * colour);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const alpha = data[pixel * channels + colour]!;
      for (let c = 0; c < colour; c++) {
        const over = data[pixel * channels + c]! * alpha + 255 * (255 - alpha);
        out[pixel * colour + c] = Math.floor((2 * over + 255) / 510);
      }
    }
  }
  if (colour === 1) return { width, height, channels: 1, data: out };
  const grey = new Uint8Array(pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const red = out[3 * pixel]!;
    if (out[3 * pixel + 1] !== red || out[3 * pixel + 2] !== red) {
      return { width, height, channels: 3, data: out };
    }
    grey[pixel] = red;
  }
  return { width, height, channels: 1, data: grey };
}
