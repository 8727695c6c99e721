/**
 * A folder of images per class: `cat/1.png`, `dog/2.jpg` ... The folder's name is the class. All images must
 * have one size; the set has one channel if every image is grey, else three.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, type DataSet } from '../index.js';
import { decodeImage, type GreyOrRgb } from './image-file.js';

const IMAGE = /\.(png|jpe?g)$/i;

interface ClassFolder {
  readonly name: string;
  readonly files: readonly string[];
}

interface LabelledImage {
  readonly path: string;
  readonly label: number;
  readonly image: GreyOrRgb;
}

interface ImageFolderOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: (message: string) => void;
  /** Grey images get three channels if this is 3; default: if another image has colour. */
  readonly channels?: number | undefined;
}

/** True if a sub-folder of `folder` holds an image. */
export async function holdsClassFolders(folder: string): Promise<boolean> {
  for (const { files } of await subFolders(folder)) if (files.length > 0) return true;
  return false;
}

/** The class folders with their images, in class order: by number if all names are numbers, else by code units. */
async function classFolders(folder: string): Promise<ClassFolder[]> {
  const classes = await subFolders(folder);
  if (classes.length === 0) {
    throw new DataError(`${folder}: there must be a folder of images per class, got none`);
  }
  const empty = classes.find(({ files }) => files.length === 0);
  if (empty) {
    throw new DataError(
      `${join(folder, empty.name)}: every class folder must hold PNG or JPEG images, got none; fill it or remove it`,
    );
  }
  const numbered = classes.every(({ name }) => /^\d+$/.test(name));
  return classes.sort((a, b) => (numbered ? Number(a.name) - Number(b.name) : a.name < b.name ? -1 : 1));
}

async function subFolders(folder: string): Promise<ClassFolder[]> {
  const found: ClassFolder[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.startsWith('.') || !(await stat(path)).isDirectory()) continue;
    const files = (await readdir(path)).filter((file) => IMAGE.test(file) && !file.startsWith('.')).sort();
    found.push({ name, files });
  }
  return found;
}

/**
 * Reads one or more folders of the same classes; the first one determines the classes.
 * @throws DataError that names the odd file or folder: another size, a broken image, an unknown class.
 */
export async function readImageFolders(
  folders: readonly [string, ...string[]],
  options: ImageFolderOptions = {},
): Promise<DataSet[]> {
  const labelNames = (await classFolders(folders[0])).map(({ name }) => name);
  const parts: LabelledImage[][] = [];
  let first: LabelledImage | undefined;
  let read = 0;
  for (const folder of folders) {
    const part: LabelledImage[] = [];
    for (const { path, label } of await listImages(folder, labelNames, folders[0])) {
      options.signal?.throwIfAborted();
      const image = decodeImage(await readFile(path), path);
      first ??= { path, label, image };
      if (image.width !== first.image.width || image.height !== first.image.height) {
        throw new DataError(
          `${path}: all images must have one size, got ${sizeText(image)} but ${first.path} has ${sizeText(first.image)}`,
        );
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
): Promise<{ path: string; label: number }[]> {
  const found: { path: string; label: number }[] = [];
  for (const { name, files } of await classFolders(folder)) {
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

function sizeText({ width, height }: GreyOrRgb): string {
  return `${width} x ${height}`;
}
