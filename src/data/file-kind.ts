/**
 * What bytes really are, by how they begin. Readers name it when a file is not what they expect: a saved web page is the
 * most frequent kind of broken data set, and its symptom (a wrong magic number) does not show that.
 */
import { BYTES, checkArgument } from '../numerics/arguments.js';

interface Kind {
  /** `a web page (HTML)`. */
  readonly name: string;
  readonly wayOut: string;
}

const FETCH = 'fetch the file again';
const UNPACK = 'unpack it first';
const text = (pattern: RegExp) => (bytes: Uint8Array) => pattern.test(beginning(bytes));
const bytes =
  (...marks: (number | null)[]) =>
  (given: Uint8Array) =>
    given.length >= marks.length && marks.every((mark, i) => mark === null || given[i] === mark);
const ascii = (mark: string, at = 0): ((given: Uint8Array) => boolean) =>
  bytes(...Array<null>(at).fill(null), ...mark.split('').map((character) => character.charCodeAt(0)));

/** A character of ASCII in two bytes, twice. */
const isWide = ([a, b, c, d]: Uint8Array): boolean =>
  (a! > 0 && b === 0 && c! > 0 && d === 0) || (a === 0 && b! > 0 && c === 0 && d! > 0);

const isIdx = (given: Uint8Array): boolean => bytes(0, 0, 8)(given) && given[3]! >= 1 && given[3]! <= 4;

/** The first that fits counts. */
const KINDS: readonly (readonly [fits: (bytes: Uint8Array) => boolean, name: string, wayOut: string])[] = [
  [(given) => given.length === 0, 'empty', FETCH],
  [text(/^\s*(?:<!--.*-->\s*)?<(?:!doctype html|html|head|body|title)\b/is), 'a web page (HTML)', FETCH],
  [text(/^\s*<(?:\?xml|svg|[a-z][\w:-]*[\s>])/i), 'an XML file', FETCH],
  [text(/^version https:\/\/git-lfs/), 'a pointer of Git LFS, not the file itself', 'run git lfs pull'],
  [text(/^\s*(?:\{\s*["}]|\[\s*[[{"\]\d-])/), 'JSON text', 'give a file of the expected kind'],
  [ascii('%PDF-'), 'a PDF document', FETCH],
  [bytes(0x1f, 0x8b), 'a gzip file', 'unpack it with gunzip first'],
  [ascii('PK\x03\x04'), 'a ZIP archive (.zip, .xlsx, .npz)', UNPACK],
  [ascii('7z\xbc\xaf\x27\x1c'), 'a 7z archive', UNPACK],
  [ascii('Rar!\x1a\x07'), 'a RAR archive', UNPACK],
  [text(/^BZh[1-9]1AY&SY/), 'a bzip2 file', UNPACK],
  [bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00), 'an xz file', UNPACK],
  [bytes(0x28, 0xb5, 0x2f, 0xfd), 'a Zstandard file', UNPACK],
  [ascii('ustar', 257), 'a tar archive', UNPACK],
  [ascii('\x89PNG\r\n\x1a\n'), 'a PNG image', 'images belong into a folder per class'],
  [bytes(0xff, 0xd8, 0xff), 'a JPEG image', 'images belong into a folder per class'],
  [text(/^GIF8[79]a/), 'a GIF image', 'save it as PNG'],
  [(given) => ascii('RIFF')(given) && ascii('WEBP', 8)(given), 'a WebP image', 'save it as PNG'],
  [(given) => ascii('BM')(given) && bytes(0, 0, 0, 0)(given.subarray(6)), 'a BMP image', 'save it as PNG'],
  [(given) => ascii('II*\0')(given) || ascii('MM\0*')(given), 'a TIFF image', 'save it as PNG'],
  [ascii('ftyp', 4), 'an image or film of the MPEG-4 family (HEIC, AVIF)', 'save it as PNG'],
  [ascii('\x93NUMPY'), 'a NumPy array (.npy)', 'save it as CSV'],
  [ascii('\x89HDF\r\n\x1a\n'), 'an HDF5 file', 'save it as CSV'],
  [ascii('PAR1'), 'a Parquet file', 'save it as CSV'],
  [ascii('SQLite format 3\0'), 'an SQLite database', 'save it as CSV'],
  [isIdx, 'an IDX file', 'IDX files are read from their folder'],
  [
    (given) => bytes(0xff, 0xfe)(given) || bytes(0xfe, 0xff)(given) || isWide(given),
    'text in UTF-16',
    'save it as UTF-8',
  ],
];

/** The kind of file that `bytes` are; undefined for plain text, or an unknown kind. */
export function fileKind(bytes: Uint8Array): Kind | undefined {
  checkArgument('file kind', bytes, BYTES);
  const found = KINDS.find(([fits]) => fits(bytes));
  return found && { name: found[1], wayOut: found[2] };
}

/** The end of a sentence that names the kind and a way out, `; it is a web page (HTML): fetch the file again`; else nothing. */
export function kindHint(bytes: Uint8Array): string {
  const kind = fileKind(bytes);
  return kind ? `; it is ${kind.name}: ${kind.wayOut}` : '';
}

/** The first characters, one a byte; without the byte order mark of UTF-8. */
function beginning(bytes: Uint8Array): string {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return String.fromCharCode(...bytes.subarray(start, start + 512));
}
