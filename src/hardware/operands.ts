/**
 * The words that a product feeds to the array. They are read in place from the tensors; no patch is ever
 * stored. Sizes and order of k are those of src/plan/ops/product.ts; padding reads as zero.
 */
import type { TensorId, Window } from '../plan/index.js';
import type { Product, ProductOp } from './product.js';

/** Raw integers of a product's operands. */
export interface Operands {
  /** lhs[m, k]. */
  lhs(m: number, k: number): number;
  /** rhs[k, n]. */
  rhs(k: number, n: number): number;
  /** bias[n], or 0 without a bias. */
  bias(n: number): number;
}

type Raws = ArrayLike<number>;

/** A matrix read by its rows, or by its columns if it is stored transposed. */
function matrix(data: Raws, rowStep: number, columnStep: number): (row: number, column: number) => number {
  return (row, column) => data[row * rowStep + column * columnStep]!;
}

/** A grid of `height` x `width` cells of `depth` words. */
interface Grid {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
}

/** The position of each index of a row-major list of cells. */
function placesOf(count: number, { height, width, depth }: Grid) {
  const length = count * height * width * depth;
  const places = {
    image: new Int32Array(length),
    y: new Int32Array(length),
    x: new Int32Array(length),
    z: new Int32Array(length),
  };
  let index = 0;
  for (let image = 0; image < count; image += 1)
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1)
        for (let z = 0; z < depth; z += 1) {
          places.image[index] = image;
          places.y[index] = y;
          places.x[index] = x;
          places.z[index] = z;
          index += 1;
        }
  return places;
}

/** For each place and kernel cell along one axis (place-major), the cell of the source that meets them; -1 for none. */
function cellsOf(
  places: number,
  kernel: number,
  meet: (place: number, tap: number) => number | null,
): Int32Array {
  const cells = new Int32Array(places * kernel);
  for (let place = 0; place < places; place += 1)
    for (let tap = 0; tap < kernel; tap += 1) cells[place * kernel + tap] = meet(place, tap) ?? -1;
  return cells;
}

/** Both axes of a window: cells by place and tap, and the numbers of places and taps. */
interface Meeting {
  readonly places: Grid;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly vertical: Int32Array;
  readonly horizontal: Int32Array;
  /** The image that is read. */
  readonly source: Grid;
}

/** Window positions meet cells of the image: position * stride - pad + tap. */
function patches(w: Window): Meeting {
  const inside = (cell: number, size: number): number | null => (cell >= 0 && cell < size ? cell : null);
  return {
    ...w,
    places: { height: w.outHeight, width: w.outWidth, depth: 1 },
    vertical: cellsOf(w.outHeight, w.kernelHeight, (y, i) => inside(y * w.strideY - w.padTop + i, w.height)),
    horizontal: cellsOf(w.outWidth, w.kernelWidth, (x, j) => inside(x * w.strideX - w.padLeft + j, w.width)),
    source: { height: w.height, width: w.width, depth: w.channels },
  };
}

/** Cells of the image meet window positions: the one whose kernel cell `tap` lies on the cell, if any. */
function coverings(w: Window, outChannels: number): Meeting {
  const position = (from: number, stride: number, out: number): number | null => {
    for (let p = 0; p < out; p += 1) if (p * stride === from) return p;
    return null;
  };
  return {
    ...w,
    places: { height: w.height, width: w.width, depth: 1 },
    vertical: cellsOf(w.height, w.kernelHeight, (y, i) => position(y + w.padTop - i, w.strideY, w.outHeight)),
    horizontal: cellsOf(w.width, w.kernelWidth, (x, j) => position(x + w.padLeft - j, w.strideX, w.outWidth)),
    source: { height: w.outHeight, width: w.outWidth, depth: outChannels },
  };
}

/** The word at a place (image, y, x) and a kernel cell (i, j, z), both as row-major indices. */
function gathered(data: Raws, meeting: Meeting, images: number): (place: number, tap: number) => number {
  const { kernelHeight, kernelWidth, vertical, horizontal, source } = meeting;
  const places = placesOf(images, meeting.places);
  const taps = placesOf(1, { height: kernelHeight, width: kernelWidth, depth: source.depth });
  return (place, tap) => {
    const y = vertical[places.y[place]! * kernelHeight + taps.y[tap]!]!;
    const x = horizontal[places.x[place]! * kernelWidth + taps.x[tap]!]!;
    if (y < 0 || x < 0) return 0;
    return data[
      ((places.image[place]! * source.height + y) * source.width + x) * source.depth + taps.z[tap]!
    ]!;
  };
}

type Matrices = Pick<Operands, 'lhs' | 'rhs'>;
type MatricesOf<O> = (op: O, lhs: Raws, rhs: Raws, images: number) => Matrices;

/** The two matrices of each kind of product. */
const MATRICES: { readonly [K in ProductOp['kind']]: MatricesOf<Extract<ProductOp, { kind: K }>> } = {
  // A transposed operand keeps its stored sizes, of which a partial batch uses the first rows.
  matmul: ({ m, k, n, transposeLhs, transposeRhs }, lhs, rhs) => ({
    lhs: transposeLhs ? matrix(lhs, 1, m) : matrix(lhs, k, 1),
    rhs: transposeRhs ? matrix(rhs, 1, k) : matrix(rhs, n, 1),
  }),
  conv2d: ({ window, outChannels }, lhs, rhs, images) => ({
    lhs: gathered(lhs, patches(window), images),
    rhs: matrix(rhs, outChannels, 1),
  }),
  conv2dInputGradient: ({ window, outChannels }, lhs, rhs, images) => {
    const { kernelHeight, kernelWidth, channels } = window;
    // weight[i, j, c, o] as [(i, j, o), c].
    const rows = placesOf(1, { height: kernelHeight, width: kernelWidth, depth: outChannels });
    return {
      lhs: gathered(lhs, coverings(window, outChannels), images),
      rhs: (k, n) =>
        rhs[((rows.y[k]! * kernelWidth + rows.x[k]!) * channels + n) * outChannels + rows.z[k]!]!,
    };
  },
  conv2dWeightGradient: ({ window, outChannels }, lhs, rhs, images) => {
    const patch = gathered(lhs, patches(window), images);
    return { lhs: (m, k) => patch(k, m), rhs: matrix(rhs, outChannels, 1) };
  },
};

/**
 * Readers of a product's operands.
 * @param data contents of a tensor, row-major
 * @param examples the number that the product was made with
 */
export function operandsOf(product: Product, data: (id: TensorId) => Raws, examples: number): Operands {
  const { bias } = product;
  const matricesOf = MATRICES[product.op.kind] as MatricesOf<ProductOp>;
  const biases = bias === null ? null : data(bias);
  return {
    ...matricesOf(product.op, data(product.lhs), data(product.rhs), examples),
    bias: (n) => (biases === null ? 0 : biases[n]!),
  };
}
