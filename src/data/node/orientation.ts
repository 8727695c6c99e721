/**
 * How a picture is to be turned before it is shown: the orientation that a camera writes into Exif data (tag 274), 1 to 8.
 * JPEG has the data in a segment, PNG in a chunk.
 */

/** Pixels, row by row, `channels` bytes each. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

const TAG = 0x0112;
const SHORT = 3;
const LITTLE_ENDIAN = 0x4949;
const BIG_ENDIAN = 0x4d4d;
const ENTRY_BYTES = 12;
/** Values whose columns, and whose rows, run backwards; from 5 on rows become columns too. */
const MIRRORED_COLUMNS = [2, 3, 7, 8];
const MIRRORED_ROWS = [3, 4, 6, 7];
const FIRST_TRANSPOSED = 5;

/** The orientation in a TIFF structure, which is what Exif data are; 1, as stored, for none or one that does not exist. */
export function orientationOf(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  if (tiff.length < 8) return 1;
  const order = view.getUint16(0);
  if (order !== LITTLE_ENDIAN && order !== BIG_ENDIAN) return 1;
  const little = order === LITTLE_ENDIAN;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return 1;
  const entries = view.getUint16(start, little);
  for (let entry = 0; entry < entries; entry++) {
    const at = start + 2 + ENTRY_BYTES * entry;
    if (at + ENTRY_BYTES > tiff.length) return 1;
    if (view.getUint16(at, little) !== TAG || view.getUint16(at + 2, little) !== SHORT) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** The picture as it is to be shown. */
export function turned<T extends Picture>(picture: T, orientation: number): T {
  if (orientation === 1) return picture;
  const { width, height, channels } = picture;
  const transposed = orientation >= FIRST_TRANSPOSED;
  const mirrorsColumns = MIRRORED_COLUMNS.includes(orientation);
  const mirrorsRows = MIRRORED_ROWS.includes(orientation);
  const [shownWidth, shownHeight] = transposed ? [height, width] : [width, height];
  const data = new Uint8Array(picture.data.length);
  for (let y = 0, to = 0; y < shownHeight; y++) {
    for (let x = 0; x < shownWidth; x++) {
      const [column, row] = transposed ? [y, x] : [x, y];
      const fromColumn = mirrorsColumns ? width - 1 - column : column;
      const fromRow = mirrorsRows ? height - 1 - row : row;
      const from = (fromRow * width + fromColumn) * channels;
      for (let c = 0; c < channels; c++) data[to++] = picture.data[from + c]!;
    }
  }
  return { ...picture, width: shownWidth, height: shownHeight, data };
}
