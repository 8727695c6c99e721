/**
 * A folder of images per class: `cat/1.png`, `dog/2.jpg` ... The folder's name is the class. All images must
 * have one size; the set has one channel if every image is grey, else three.
 */
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { readInput } from '../../files/index.js';
import { DataError, type DataSet } from '../index.js';
import type { NoteBook } from '../readers.js';
import { isPartName, listFolder, type Listing } from './folder.js';
import { decodeImage, type GreyOrRgb } from './image-file.js';

/** An image of as many pixels as are read is smaller, even unpacked. */
const MOST_IMAGE = { maxBytes: 1 << 28 };
const IMAGE = /\.(png|jpe?g)$/i;

/** Endings of images that are not read as they are, and what to do. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  '.jfif': 'it is JPEG, so rename it to .jpg',
  '.jpe': 'it is JPEG, so rename it to .jpg',
};
const CONVERTIBLE = /^\.(?:webp|bmp|gif|tiff?|heic|heif|avif|jp2|jxl|ppm|pgm|pbm|tga|ico|svg)$/;

interface ClassFolder {
  readonly name: string;
  /** Images in it. */
  readonly files: readonly string[];
  readonly listing: Listing;
}

interface LabelledImage {
  readonly path: string;
  readonly label: number;
  readonly image: GreyOrRgb;
}

interface ImageFolderOptions {
  /** Gets what is left out, and what is odd about images. */
  readonly book: NoteBook;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: (message: string) => void;
  /** Grey images get three channels if this is 3; default: if another image has colour. */
  readonly channels?: number | undefined;
}

/** True if a sub-folder of `folder` holds an image. */
export async function holdsClassFolders(folder: string, book: NoteBook): Promise<boolean> {
  const { classes } = await subFolders(folder, book);
  return classes.some(({ files }) => files.length > 0);
}

/** The class folders with their images, in class order: by number if all names are numbers, else by code units. */
async function classFolders(folder: string, book: NoteBook): Promise<ClassFolder[]> {
  const { classes, files } = await subFolders(folder, book);
  if (classes.length === 0) {
    throw new DataError(`${folder}: there must be a folder of images per class, got none`);
  }
  if (classes.every(({ name }) => isPartName(name))) {
    const names = classes.map(({ name }) => name).join(' and ');
    throw new DataError(
      `${folder}: ${names} must hold a folder of images per class, got images; name the classes, train/<class>/*.png`,
    );
  }
  const empty = classes.find((found) => found.files.length === 0);
  if (empty) {
    const [other] = empty.listing.files;
    const got = other === undefined ? 'none' : `none but files such as ${other}`;
    throw new DataError(
      `${join(folder, empty.name)}: every class folder must hold PNG or JPEG images, got ${got}; fill it or remove it`,
    );
  }
  for (const file of files) book.add('left out, files outside of a class folder', join(folder, file));
  for (const { name, listing } of classes) await noteLeftOut(join(folder, name), listing, book);
  const numbered = classes.every(({ name }) => /^\d+$/.test(name));
  return classes.sort((a, b) => (numbered ? Number(a.name) - Number(b.name) : a.name < b.name ? -1 : 1));
}

/** The folders in a folder with the images they hold, and its own files. */
async function subFolders(
  folder: string,
  book: NoteBook,
): Promise<{ readonly classes: ClassFolder[]; readonly files: readonly string[] }> {
  const { files, folders } = await listFolder(folder, book);
  const classes: ClassFolder[] = [];
  for (const name of folders) {
    const listing = await listFolder(join(folder, name), book);
    classes.push({ name, files: listing.files.filter((file) => IMAGE.test(file)), listing });
  }
  return { classes, files };
}

/** Notes what a class folder holds besides its images. */
async function noteLeftOut(folder: string, { files, folders }: Listing, book: NoteBook): Promise<void> {
  for (const file of files) {
    if (IMAGE.test(file)) continue;
    const ending = extname(file).toLowerCase();
    const wayOut = WAYS_OUT[ending] ?? (CONVERTIBLE.test(ending) ? 'save it as PNG or JPEG' : undefined);
    book.add(`left out, not PNG or JPEG by name (${ending || 'no ending'})`, join(folder, file), wayOut);
  }
  for (const name of folders) {
    const inner = await readdir(join(folder, name), { recursive: true, withFileTypes: true });
    const inside = inner.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const what = 'left out, inside a folder in a class folder';
    const first = inside.sort()[0] ?? join(folder, name);
    book.add(what, first, 'a class is one folder without others', Math.max(inside.length, 1));
  }
}

/**
 * Reads one or more folders of the same classes; the first one determines the classes.
 * @throws DataError that names the odd file or folder: another size, a broken image, an unknown class.
 */
export async function readImageFolders(
  folders: readonly [string, ...string[]],
  options: ImageFolderOptions,
): Promise<DataSet[]> {
  const { book } = options;
  const labelNames = (await classFolders(folders[0], book)).map(({ name }) => name);
  const parts: LabelledImage[][] = [];
  let first: LabelledImage | undefined;
  let read = 0;
  for (const folder of folders) {
    const part: LabelledImage[] = [];
    for (const { path, label } of await listImages(folder, labelNames, folders[0], book)) {
      options.signal?.throwIfAborted();
      const image = decodeImage(await readInput(path, MOST_IMAGE), path);
      first ??= { path, label, image };
      if (image.width !== first.image.width || image.height !== first.image.height) {
        throw new DataError(
          `${path}: all images must have one size, got ${sizeText(image)} but ${first.path} has ${sizeText(first.image)}`,
        );
      }
      for (const remark of image.remarks ?? []) book.add(`images that ${remark}`, path);
      if (isConstant(image.data)) {
        book.add('images of one value throughout', path, 'transparent pixels are laid over white');
      }
      part.push({ path, label, image });
      if (++read % 1000 === 0) options.progress?.(`${read} images read`);
    }
    parts.push(part);
  }
  const grey = parts.every((part) => part.every(({ image }) => image.channels === 1));
  return parts.map((part) => toDataSet(part, grey && options.channels !== 3 ? 1 : 3, labelNames));
}

/** Every image file of the folder with its label, class by class. */
async function listImages(
  folder: string,
  labelNames: readonly string[],
  reference: string,
  book: NoteBook,
): Promise<{ path: string; label: number }[]> {
  const found: { path: string; label: number }[] = [];
  for (const { name, files } of await classFolders(folder, book)) {
    const label = labelNames.indexOf(name);
    if (label < 0) {
      throw new DataError(
        `${join(folder, name)}: the class must be one of ${labelNames.join(', ')} as in ${reference}, got "${name}"`,
      );
    }
    for (const file of files) found.push({ path: join(folder, name, file), label });
  }
  return found;
}

function toDataSet(part: readonly LabelledImage[], channels: 1 | 3, labelNames: readonly string[]): DataSet {
  const { width, height } = part[0]!.image;
  const size = height * width * channels;
  const features = new Uint8Array(part.length * size);
  part.forEach(({ image }, i) => {
    features.set(withChannels(image, channels), i * size);
  });
  return {
    features,
    labels: Int32Array.from(part, ({ label }) => label),
    count: part.length,
    shape: [height, width, channels],
    classes: labelNames.length,
    labelNames,
  };
}

function withChannels(image: GreyOrRgb, channels: 1 | 3): Uint8Array {
  if (image.channels === channels) return image.data;
  const data = new Uint8Array(image.data.length * 3);
  image.data.forEach((grey, pixel) => data.fill(grey, 3 * pixel, 3 * pixel + 3));
  return data;
}

function isConstant(data: Uint8Array): boolean {
  return data.length > 1 && data.every((value) => value === data[0]);
}

function sizeText({ width, height }: GreyOrRgb): string {
  return `${width} x ${height}`;
}
