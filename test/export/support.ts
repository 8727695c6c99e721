/** Networks with drawn weights, and a C compiler to hold their exports against the library. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { DataSet } from '../../src/data/index.js';
import type { ExportedFiles, ExportSubject } from '../../src/export/index.js';
import { defineNetwork, type LayerConfiguration, type NetworkConfiguration } from '../../src/nn/index.js';
import {
  minRaw,
  parseSeed,
  RandomSite,
  siteHash,
  wordLength,
  type Format,
} from '../../src/numerics/index.js';
import { elements } from '../../src/plan/index.js';

/** A temporary folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-export-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an export into a folder. */
export function writeFiles(folder: string, files: ExportedFiles): void {
  for (const [name, contents] of files) writeFileSync(join(folder, name), contents);
}

/** Everything of a network but its layers. */
export function configuration(
  layers: readonly LayerConfiguration[],
  changes: Partial<NetworkConfiguration> = {},
): NetworkConfiguration {
  return {
    name: 'net',
    seed: 11,
    formats: { weight: '<4,12>', activation: '<6,10>' },
    rounding: 'nearest',
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { height: 9, width: 8, channels: 2 },
    layers,
    ...changes,
  };
}

/** Words of 32 random bits. */
function words(name: string): (index: number) => number {
  const site = new RandomSite(parseSeed(3), siteHash(name), 0, 32);
  return (index) => site.word(index);
}

/**
 * A network with weights drawn from the `spread` part of their formats, one in eight of them the smallest or largest element;
 * running variances are not negative, with some zeros.
 */
export function drawnSubject(network: NetworkConfiguration, batch: number, spread = 1): ExportSubject {
  const definition = defineNetwork(network);
  const plan = definition.plan(batch);
  const tensors = [...plan.parameters, ...plan.states].map((id) => {
    const { name, shape, storage, format: known } = plan.tensors[id]!;
    const format = known as Format;
    const length = elements(shape);
    const data = storage === 'int16' ? new Int16Array(length) : new Int32Array(length);
    const word = words(name);
    for (let i = 0; i < length; i++) {
      const drawn = Math.floor((word(2 * i) >> (32 - wordLength(format))) * spread);
      const extreme = word(2 * i + 1) % 2 === 0 ? minRaw(format) : -1 - minRaw(format);
      const raw = word(2 * i + 1) >>> 29 === 0 && spread === 1 ? extreme : drawn;
      data[i] = name.endsWith('/variance') ? Math.max(0, raw >> (word(2 * i) & 15)) : raw;
    }
    return { name, shape, format, data };
  });
  return { definition, plan, step: 0, tensors };
}

/** Random pixels, in the shape and classes of a network. */
export function drawnData({ definition }: ExportSubject, count: number): DataSet {
  const shape = definition.inputShape as DataSet['shape'];
  const word = words('pixels');
  const features = Uint8Array.from({ length: count * elements(shape) }, (_, i) => word(i) >>> 24);
  const { classes } = definition;
  return {
    features,
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
    count,
    shape,
    classes,
  };
}

const STRICT = ['-std=c99', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Wshadow', '-Werror'];
const SANITIZED = ['-O1', '-fsanitize=undefined,address', '-fno-sanitize-recover=all'];

/** Compiles an export with all warnings as errors and with sanitizers, runs it, and returns what it prints. */
export function runC(folder: string, files: ExportedFiles): string {
  writeFiles(folder, files);
  const sources = [...files.keys()].filter((name) => name.endsWith('.c'));
  const compiled = spawnSync('cc', [...STRICT, ...SANITIZED, '-o', 'net_test', ...sources], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (compiled.status !== 0) return compiled.stderr;
  const { stdout, stderr } = spawnSync(join(folder, 'net_test'), { encoding: 'utf8' });
  return stdout + stderr;
}
