/** What a decoder of images gives: the pixels as they are stored, and what the file states about them. */
import { DataError } from '../index.js';

/** Pixels of one to four channels: grey, grey + alpha, RGB, RGB + alpha. */
export interface StoredImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
  /** How it is to be turned, 1 to 8 as in Exif; 1: it is not. */
  readonly orientation: number;
  /** What was not obeyed; follows a number of images in a sentence. */
  readonly remarks: readonly string[];
}

/** Larger images are surely a mistake, or a damaged header that would take all memory. */
const MAX_PIXELS = 1 << 24;

/** @throws DataError for an image without pixels, or with too many. */
export function checkSize(width: number, height: number): void {
  const pixels = width * height;
  if (pixels >= 1 && pixels <= MAX_PIXELS) return;
  throw new DataError(`the image has ${pixels} pixels, 1 to ${MAX_PIXELS} are read`);
}

/** The remark of images whose samples mean other colours than sRGB. */
export const OTHER_COLOURS = 'name other colours than sRGB; their samples are read as stored';

/** True if an ICC profile calls itself sRGB, in ASCII or in UTF-16. */
export function isSrgbProfile(profile: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(profile);
  return text.includes('sRGB') || text.includes('s\0R\0G\0B');
}
