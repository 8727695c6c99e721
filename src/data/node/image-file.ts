/**
 * One PNG or JPEG file to 8-bit pixels, grey or RGB, the way up that the file asks for. Palettes are expanded, 16-bit samples
 * keep their high byte, fewer bits are spread over 0..255, transparency is laid over white. An image whose pixels are
 * all grey comes out with one channel, however the file stores it.
 */
import { DataError } from '../index.js';
import { kindHint } from '../readers.js';
import { decodeJpeg, hasJpegSignature } from './jpeg-file.js';
import { turned } from './orientation.js';
import { decodePng, hasPngSignature } from './png-file.js';
import { reasonOf } from './reason.js';
import type { StoredImage } from './stored-image.js';

export interface GreyOrRgb {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
  /** What the file states and is not obeyed; follows a number of images in a sentence. */
  readonly remarks?: readonly string[];
}

/** Decodes by content, whatever the file is called. @throws DataError that names the file. */
export function decodeImage(bytes: Uint8Array, name: string): GreyOrRgb {
  let stored: StoredImage;
  try {
    if (hasPngSignature(bytes)) stored = decodePng(bytes);
    else if (hasJpegSignature(bytes)) stored = decodeJpeg(bytes);
    else throw new DataError(`it has neither a PNG nor a JPEG signature${kindHint(bytes)}`);
  } catch (error) {
    throw new DataError(`${name}: must be a readable PNG or JPEG image, got an error: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  const { orientation, remarks } = stored;
  return { ...turned(overWhite(stored), orientation), ...(remarks.length > 0 && { remarks }) };
}

/** Lays transparent pixels over white, and drops to one channel where every pixel is grey. */
function overWhite({ width, height, channels, data }: StoredImage): GreyOrRgb {
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
