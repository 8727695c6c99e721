/**
 * JPEG to pixels. jpeg-js decodes; what the file states about its colours and its orientation is read here, by the rules of
 * libjpeg, because the decoder does not look at all of it.
 */
import { decode } from 'jpeg-js';
import { DataError } from '../index.js';
import { checkSize, isSrgbProfile, OTHER_COLOURS, type StoredImage } from './stored-image.js';
import { orientationOf } from './orientation.js';

const MAX_MEGAPIXELS = 16;
const [SOI, EOI, SOS] = [0xd8, 0xd9, 0xda];
const [APP0, APP1, APP2, APP14] = [0xe0, 0xe1, 0xe2, 0xee];
/** Frames of Huffman codes: baseline, extended, progressive. */
const READ_FRAMES = [0xc0, 0xc1, 0xc2];
/** 0xc4, 0xc8 and 0xcc are no frames: tables, and a reserved marker. */
const OTHER_FRAMES = [0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
const RGB = 'R,G,B';
const INKS = 'hold printing inks (CMYK), made RGB without a profile';

/** True for the first bytes of a JPEG. */
export function hasJpegSignature(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI;
}

/** What the segments before the first scan state. */
interface JpegHeader {
  /** Names of the components as text, `1,2,3` or `R,G,B`; undefined without a frame. */
  components?: string;
  hasJfif: boolean;
  /** Colour transform in Adobe's segment: 0 none, 1 YCbCr, 2 YCCK. */
  adobeTransform?: number;
  orientation: number;
  hasOtherColours: boolean;
}

/** Decodes a JPEG. @throws DataError for what it cannot obey; the decoder's errors. */
export function decodeJpeg(bytes: Uint8Array): StoredImage {
  const header = readHeader(bytes);
  const { components, hasJfif, adobeTransform } = header;
  if (components === undefined) throw new DataError('the file is truncated: it has no frame');
  const count = components.split(',').length;
  if (count === 4 && adobeTransform === undefined) {
    throw new DataError('it has four components and does not say which colours they are; save it as RGB');
  }
  // The rule of libjpeg, and so of browsers: JFIF is always YCbCr, then Adobe's word counts, then the names.
  const isRgb = !hasJfif && (adobeTransform === undefined ? components === RGB : adobeTransform === 0);
  const { width, height, data } = decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: MAX_MEGAPIXELS,
    ...(count === 3 && { colorTransform: !isRgb }),
  });
  const remarks = [...(count === 4 ? [INKS] : []), ...(header.hasOtherColours ? [OTHER_COLOURS] : [])];
  return { width, height, channels: 3, data, orientation: header.orientation, remarks };
}

function readHeader(bytes: Uint8Array): JpegHeader {
  const header: JpegHeader = { hasJfif: false, orientation: 1, hasOtherColours: false };
  let hasExif = false;
  for (const { marker, body } of segments(bytes)) {
    if (OTHER_FRAMES.includes(marker)) {
      throw new DataError(
        'it is a lossless, hierarchical or arithmetic-coded JPEG; save it as a baseline or progressive one',
      );
    }
    if (READ_FRAMES.includes(marker)) {
      const [precision, high = 0, low = 0, left = 0, right = 0, count = 0] = body;
      checkSize(left * 256 + right, high * 256 + low);
      if (precision !== 8) throw new DataError(`it has ${precision} bits a sample; save it with 8`);
      const names = Array.from({ length: count }, (_, i) => body[6 + 3 * i]!);
      if (new Set(names).size < count) throw new DataError('two of its components have one name');
      header.components = names.map((name) => (name > 32 ? String.fromCharCode(name) : name)).join(',');
    }
    if (marker === APP0 && startsWith(body, 'JFIF\0')) header.hasJfif = true;
    if (marker === APP14 && startsWith(body, 'Adobe') && body.length >= 12) {
      header.adobeTransform = body[11]!;
    }
    if (marker === APP1 && startsWith(body, 'Exif\0') && !hasExif) {
      hasExif = true;
      header.orientation = orientationOf(body.subarray(6));
    }
    if (marker === APP2 && startsWith(body, 'ICC_PROFILE\0\x01') && !isSrgbProfile(body)) {
      header.hasOtherColours = true;
    }
  }
  return header;
}

/** The segments with a length, up to the first scan. Bytes between segments are skipped, as decoders do. */
function* segments(bytes: Uint8Array): Generator<{ readonly marker: number; readonly body: Uint8Array }> {
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at += 1;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === SOS || marker === EOI) return;
    if (marker < 0xc0 || marker === 0xff || (marker >= 0xd0 && marker <= SOI)) {
      at += 1; // a fill byte, or a marker without a length
      continue;
    }
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    yield { marker, body: bytes.subarray(at + 4, at + 2 + length) };
    at += 2 + Math.max(length, 2);
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return text.split('').every((character, i) => bytes[i] === character.charCodeAt(0));
}
