/**
 * A folder with IDX files under the names in use: `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`,
 * `emnist-letters-train-images-idx3-ubyte` ... The test files may be absent.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, type DataSet, type IdxArray, idxDataSet, parseIdx } from '../index.js';
import type { NoteBook } from '../readers.js';
import { unpack } from './download.js';
import { noteUnused, type Listing } from './folder.js';
import { reasonOf } from './reason.js';
const IDX_NAME = /^(?:.*[-_.])?(train|t10k|test)-(images|labels)[-.]idx\d-ubyte(\.gz)?$/;

interface IdxFiles {
  readonly train: { readonly images: string; readonly labels: string };
  readonly test?: { readonly images: string; readonly labels: string };
}

/**
 * The IDX files among the entries of a folder, undefined if there is none at all. Notes what it leaves out.
 * @throws DataError for half a pair, two of a kind, or folders of such names alone.
 */
export function findIdxFiles(folder: string, listing: Listing, book: NoteBook): IdxFiles | undefined {
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
  return { train: pair('train'), ...(hasTest && { test: pair('test') }) };
}

/** Reads the training and, if there, the test part; both get the same classes. */
export async function readIdxFolder(folder: string, files: IdxFiles): Promise<DataSet[]> {
  const parts = await Promise.all(
    [files.train, ...(files.test ? [files.test] : [])].map(async ({ images, labels }) => ({
      images: await readIdx(join(folder, images)),
      labels: await readIdx(join(folder, labels)),
    })),
  );
  const classes = parts.reduce(
    (most, { labels }) => labels.data.reduce((max, label) => Math.max(max, label + 1), most),
    0,
  );
  return parts.map(({ images, labels }) => idxDataSet(images, labels, { classes }));
}

async function readIdx(path: string): Promise<IdxArray> {
  const bytes = await unpack(await readFile(path)).catch((error: unknown) => {
    throw new DataError(`${path}: must be a whole gzip file, got ${reasonOf(error)}`, { cause: error });
  });
  return parseIdx(bytes, path);
}
