/**
 * CIFAR files from PNG sheets: `data_batch_1.png` has the images of `data_batch_1.bin`, one a row, pixel by pixel from the top
 * left. The labels are JSON lists, one of all training files in order, one of the test file.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readInput, readTextSync } from '../../files/index.js';
import { parseJson } from '../../numerics/index.js';
import { cifarRecords, DataError } from '../index.js';
import { decodeImage } from './image-file.js';
import { reasonOf } from './reason.js';

export interface SheetOptions {
  /** Names of the files to be made, the test file last. */
  readonly files: readonly string[];
  readonly trainLabels: string;
  readonly testLabels: string;
  readonly classes: number;
  readonly signal?: AbortSignal | undefined;
  readonly progress: (message: string) => void;
}

/** Pixels of an image: the width of a sheet. */
const PIXELS = 32 * 32;

/** The sheet that a file is made from. */
export function sheetOf(file: string): string {
  return file.replace(/\.bin$/, '.png');
}

/** Writes the files beside their sheets. @throws DataError for a damaged sheet or list; the signal's reason. */
export async function recordsFromSheets(folder: string, options: SheetOptions): Promise<void> {
  const { files, trainLabels, testLabels, classes, signal, progress } = options;
  const labels = [
    ...(await readLabels(folder, trainLabels, classes)),
    ...(await readLabels(folder, testLabels, classes)),
  ];
  let used = 0;
  for (const file of files) {
    signal?.throwIfAborted();
    const name = sheetOf(file);
    progress(`reading ${name}`);
    const sheet = await readSheet(folder, name);
    const own = labels.slice(used, (used += sheet.count));
    if (own.length < sheet.count) {
      throw new DataError(`${name}: every image needs a label, got ${labels.length} labels in all`);
    }
    await writeFile(join(folder, file), cifarRecords(sheet.images, own));
  }
}

/** The images of a sheet, [height, width, channels] each: its rows, just as they are. */
async function readSheet(
  folder: string,
  name: string,
): Promise<{ readonly images: Uint8Array; readonly count: number }> {
  const { width, height, channels, data } = decodeImage(await readInput(join(folder, name)), name);
  if (width === PIXELS && channels === 3) return { images: data, count: height };
  throw new DataError(
    `${name}: a sheet must have ${PIXELS} colour pixels a row, got ${width} in ${channels === 3 ? 'colour' : 'grey'}`,
  );
}

async function readLabels(folder: string, name: string, classes: number): Promise<number[]> {
  let list: unknown;
  try {
    list = parseJson(readTextSync(join(folder, name)));
  } catch (error) {
    throw new DataError(`${name}: must be a JSON list of labels, got ${reasonOf(error)}`, { cause: error });
  }
  const isLabel = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) < classes;
  if (Array.isArray(list) && list.every(isLabel)) return list;
  throw new DataError(`${name}: must be a JSON list of labels from 0 to ${classes - 1}, got something else`);
}
