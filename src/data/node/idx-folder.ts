/**
 * A folder with IDX files under the names in use: `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`,
 * `emnist-letters-train-images-idx3-ubyte` ... The test files may be absent.
 */
import { join } from 'node:path';
import { readInput } from '../../files/index.js';
import { DataError, type DataSet, type IdxArray, idxDataSet, parseIdx, parseIdxHeader } from '../index.js';
import type { NoteBook } from '../readers.js';
import { noteUnused, type Listing } from './folder.js';
import { isGzip, unpackTo } from './gzip.js';

const IDX_NAME = /^(?:.*[-_.])?(train|t10k|test)-(images|labels)[-.]idx\d-ubyte(\.gz)?$/;

/** The head of four dimensions. */
const IDX_HEAD_BYTES = 20;

interface IdxFiles {
  readonly train: { readonly images: string; readonly labels: string };
  readonly test?: { readonly images: string; readonly labels: string };
}

/**
 * The IDX files among the entries of a folder, undefined if there is none at all. Notes what it leaves out. With
 * `testAlone` a folder may lack the training part; the test part is then in its place.
 * @throws DataError for half a pair, two of a kind, or folders of such names alone.
 */
export function findIdxFiles(
  folder: string,
  listing: Listing,
  book: NoteBook,
  testAlone = false,
): IdxFiles | undefined {
  const found = new Map<string, string>();
  // An unpacked file goes before its .gz: sorted, it comes first.
  for (const name of listing.files) {
    const match = IDX_NAME.exec(name);
    if (!match) continue;
    const kind = `${match[1] === 'train' ? 'train' : 'test'}-${match[2] ?? ''}`;
    const other = found.get(kind);
    if (other === undefined) found.set(kind, name);
    else if (name !== `${other}.gz`) {
      throw new DataError(
        `${folder}: one file of each kind is read, got ${other} and ${name} for ${kind}; keep one set of files in a folder`,
      );
    }
  }
  if (found.size === 0) {
    const inner = listing.folders.find((name) => IDX_NAME.test(name));
    if (inner === undefined) return undefined;
    throw new DataError(
      `${join(folder, inner)}: IDX data must be a file, got a folder; move the file in it up into ${folder}`,
    );
  }
  noteUnused(folder, listing, [...found.values()], 'the IDX files', book);
  const pair = (part: string): { images: string; labels: string } => {
    const images = found.get(`${part}-images`);
    const labels = found.get(`${part}-labels`);
    if (images === undefined || labels === undefined) {
      const missing = images === undefined ? 'images' : 'labels';
      throw new DataError(
        `${folder}: IDX images and labels go together, got no ${part} ${missing}; add ${part}-${missing}-idx${missing === 'images' ? '3' : '1'}-ubyte`,
      );
    }
    return { images, labels };
  };
  const hasTest = found.has('test-images') || found.has('test-labels');
  const hasTrain = found.has('train-images') || found.has('train-labels');
  if (testAlone && !hasTrain) return { train: pair('test') };
  return { train: pair('train'), ...(hasTest && { test: pair('test') }) };
}

/** Reads the training and, if there, the test part; both get the same classes. */
export async function readIdxFolder(folder: string, files: IdxFiles): Promise<DataSet[]> {
  const parts = await Promise.all(
    [files.train, ...(files.test ? [files.test] : [])].map(async (names) => {
      const labels = await readIdx(join(folder, names.labels));
      // The labels say how many images there are before images are unpacked that a small file may only promise.
      const images = await readIdx(join(folder, names.images), labels);
      return { images, labels };
    }),
  );
  const classes = parts.reduce(
    (most, { labels }) => labels.data.reduce((max, label) => Math.max(max, label + 1), most),
    0,
  );
  return parts.map(({ images, labels }) => idxDataSet(images, labels, { classes }));
}

/** Reads a file, unpacked only as far as its head promises; the head of images must promise one for each label. */
async function readIdx(path: string, labels?: IdxArray): Promise<IdxArray> {
  const bytes = await readInput(path);
  if (!isGzip(bytes)) return parseIdx(bytes, path);
  const unpacked = await unpackTo(bytes, path, IDX_HEAD_BYTES, (head) => {
    const { dimensions, headBytes, dataBytes } = parseIdxHeader(head, path);
    if (labels && dimensions[0] !== labels.data.length) {
      throw new DataError(
        `${labels.name}: every image needs one label, got ${labels.data.length} labels for the ${dimensions[0]} images of ${path}`,
      );
    }
    return headBytes + dataBytes;
  });
  return parseIdx(unpacked, path);
}
