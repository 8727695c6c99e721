/** Two designs whose generated folders are compared and run: their products, their files, and the tools that tests need. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  arrayOfDesign,
  computeProduct,
  productStream,
  rtlFolder,
  type RtlDesign,
} from '../../src/hardware/index.js';
import { missingTool, type Tool } from '../../src/cli/commands/hardware/tools.js';
import { parseRounding } from '../../src/numerics/index.js';
import { temporaryFolder } from '../cli/support.js';
import { jobOf, matmulOf } from './support.js';

export const folder = temporaryFolder();

/** The paper's rounding. */
export const STOCHASTIC: RtlDesign = {
  ...{ rows: 3, cols: 2, wordLength: 16, accumulatorBits: 48, depth: 4, lfsrBits: 12, overflow: 'saturate' },
  rounding: parseRounding('stochastic'),
};
/** Short words, rounded to nearest. */
export const NEAREST: RtlDesign = {
  ...STOCHASTIC,
  rounding: parseRounding('nearest'),
  wordLength: 8,
  accumulatorBits: 24,
};

/** The files of a design and of three products: one panel that stays, one slice, K beyond the buffers. */
export function files(design: RtlDesign) {
  const formats = design.wordLength === 8 ? { lhs: '<3,5>', rhs: '<2,6>', bias: '<3,5>', out: '<4,4>' } : {};
  const rounding = design.rounding.mode;
  const golden = [
    [7, 3, 5],
    [4, 1, 3],
    [3, 11, 2],
  ].map(([m, k, n], step) => {
    const product = matmulOf({ m: m!, k: k!, n: n!, rounding, style: 'full', ...formats });
    const job = jobOf(arrayOfDesign(design), product, 'lfsr', step);
    const stream = productStream(design, job);
    computeProduct(job);
    return { product: job.product, stream, out: job.out };
  });
  return rtlFolder(design, golden, 'products of a test');
}

/** Writes the files of a design into a temporary folder. */
export function write(design: RtlDesign, name: string): string {
  const place = join(folder, name);
  for (const file of files(design)) {
    mkdirSync(dirname(join(place, file.name)), { recursive: true });
    writeFileSync(join(place, file.name), file.text);
  }
  return place;
}

/** Skips a test whose tools are missing. */
export const needs = (skip: (condition: boolean, note?: string) => void, ...tools: Tool[]): void => {
  const reason = tools.map(missingTool).find((text) => text !== null) ?? null;
  skip(reason !== null, reason ?? '');
};
