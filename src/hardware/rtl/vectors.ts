/** Golden vectors as files for $readmemh: one line per slice or column, with lane 0 in the lowest bits. */
import type { Product } from '../product.js';
import { isStochastic, type RtlDesign } from './design.js';
import type { SourceFile } from './modules.js';
import { expectedResults, type ProductStream } from './stream.js';

/** Number of lines of each file. */
export interface VectorCounts {
  readonly products: number;
  readonly lhs: number;
  readonly rhs: number;
  readonly bias: number;
  readonly columns: number;
}

/** A product with its results. */
export interface GoldenProduct {
  readonly product: Product;
  readonly stream: ProductStream;
  /** out [M, N]. */
  readonly out: ArrayLike<number>;
  /** Slices in half a buffer for which its blocks are ordered; default: the design's. */
  readonly depth?: number;
}

interface Field {
  readonly value: number;
  readonly bits: number;
}

/** Fields side by side as one hexadecimal number, the first in the lowest bits. */
function hexLine(fields: readonly Field[]): string {
  let number = 0n;
  let width = 0;
  for (const { value, bits } of fields) {
    number |= BigInt.asUintN(bits, BigInt(value)) << BigInt(width);
    width += bits;
  }
  return number.toString(16).padStart(Math.ceil(width / 4), '0');
}

/** Words in lines of `lanes`. */
function lines(words: ArrayLike<number>, lanes: number, bits: number): string[] {
  return Array.from({ length: words.length / lanes }, (_, line) =>
    hexLine(Array.from({ length: lanes }, (_lane, lane) => ({ value: words[line * lanes + lane]!, bits }))),
  );
}

function configLine(design: RtlDesign, { settings, seeds }: ProductStream): string {
  const { depth, blockRows, blockCols, panels, resident, shift, biasShift, limit } = settings;
  const counters = [depth, blockRows, blockCols, panels].map((value) => ({ value, bits: 24 }));
  const bytes = [resident, shift, biasShift].map((value) => ({ value, bits: 8 }));
  const random = isStochastic(design)
    ? [...seeds].map((value) => ({ value, bits: design.lfsrBits }))
    : [{ value: 0, bits: 1 }];
  return hexLine([...counters, ...bytes, { value: limit, bits: 32 }, ...random]);
}

/** The files in vectors/ for several products in sequence, and their lengths. */
export function vectorFiles(
  design: RtlDesign,
  golden: readonly GoldenProduct[],
): { readonly files: SourceFile[]; readonly counts: VectorCounts } {
  const { rows, cols, wordLength: bits } = design;
  const expected = golden.map(({ product, out, depth = design.depth }) =>
    expectedResults({ ...design, depth }, product, out),
  );
  const contents = {
    config: golden.map(({ stream }) => configLine(design, stream)),
    lhs: golden.flatMap(({ stream }) => lines(stream.lhs, rows, bits)),
    rhs: golden.flatMap(({ stream }) => lines(stream.rhs, cols, bits)),
    bias: golden.flatMap(({ stream }) => lines(stream.bias, cols, bits)),
    results: expected.flatMap(({ words }) => lines(words, rows, bits)),
    counts: expected.flatMap(({ counts }) => lines(counts, rows, 1)),
  };
  return {
    files: Object.entries(contents).map(([name, text]) => ({
      name: `vectors/${name}.hex`,
      text: text.join('\n') + '\n',
    })),
    counts: {
      products: contents.config.length,
      lhs: contents.lhs.length,
      rhs: contents.rhs.length,
      bias: contents.bias.length,
      columns: contents.results.length,
    },
  };
}
