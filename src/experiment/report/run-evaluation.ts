/**
 * The parts of a report that the run folder alone does not hold: how the network of the last checkpoint does
 * on every class, which examples it gets most wrong, and how its weights are spread. Found by evaluating the
 * checkpoint.
 */
import { conformData, exampleSize, type DataSet } from '../../data/index.js';
import { classOf, formatText } from '../../numerics/index.js';
import { Evaluation, type Network, type ParameterData } from '../../train/index.js';

/** An example that the network takes for another class. */
export interface WorstExample {
  /** Its number in the test data, from 0. */
  readonly index: number;
  readonly label: number;
  readonly predicted: number;
  /** Probability, 0 to 1, that the network gave to the label, and to what it took the example for. */
  readonly labelProbability: number;
  readonly predictedProbability: number;
}

/** How the network does on the test data. */
export interface ReportEvaluation {
  readonly evaluation: Evaluation;
  readonly labelNames: readonly string[];
  /** The network's outputs are no numbers. */
  readonly isDiverged: boolean;
  /** Number of examples that are taken for another class, and the worst of them; none if `isDiverged`. */
  readonly wrong: number;
  readonly worst: readonly WorstExample[];
  readonly test: DataSet;
}

/** How the values of one parameter are spread. */
export interface Histogram {
  readonly name: string;
  /** `<4,12>`, `float32`. */
  readonly format: string;
  readonly count: number;
  /** Values that are no numbers. */
  readonly notNumbers: number;
  readonly low: number;
  readonly high: number;
  /** Values that stand at one of the format's two ends. */
  readonly atEdge: number;
  /** Half open, ascending, of equal width. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
}

const WORST = 24;
const BINS = 41;

/** Evaluates the network on the test data, once. */
export async function evaluateForReport(network: Network, data: DataSet): Promise<ReportEvaluation> {
  const { dataSchema } = network;
  const test = dataSchema ? conformData(data, dataSchema, 'report') : data;
  const { classes } = network.definition;
  const { labelNames } = test;
  const evaluation = new Evaluation({ classes, ...(labelNames && { labelNames }) });
  const outputs = await network.output(test);
  const examples = outputs.map((probabilities, index): WorstExample => {
    const label = test.labels[index]!;
    evaluation.add(Int32Array.of(label), probabilities);
    const predicted = classOf(probabilities, 0, classes);
    return {
      index,
      label,
      predicted,
      labelProbability: probabilities[label]!,
      predictedProbability: probabilities[predicted] ?? NaN,
    };
  });
  const isDiverged = evaluation.withoutClass() > 0;
  const wrong = isDiverged ? [] : examples.filter(({ label, predicted }) => label !== predicted);
  return {
    evaluation,
    labelNames: evaluation.labelNames,
    isDiverged,
    wrong: wrong.length,
    worst: wrong.sort(byError).slice(0, WORST),
    test,
  };
}

function byError(a: WorstExample, b: WorstExample): number {
  return (
    a.labelProbability - b.labelProbability ||
    b.predictedProbability - a.predictedProbability ||
    a.index - b.index
  );
}

/** The spread of a parameter: of raw integers in bins of whole steps, of floats in bins from end to end. */
export function histogram({ name, format, data }: ParameterData): Histogram {
  const isFloat = format === 'float32';
  const unit = isFloat ? 1 : 2 ** -format.fl;
  const edge = isFloat ? Infinity : 2 ** (format.il + format.fl - 1);
  let low = Infinity;
  let high = -Infinity;
  let notNumbers = 0;
  let atEdge = 0;
  for (const value of data) {
    if (!Number.isFinite(value)) notNumbers++;
    else {
      low = Math.min(low, value);
      high = Math.max(high, value);
      if (value >= edge - 1 || value <= -edge) atEdge++;
    }
  }
  const numbers = data.length - notNumbers;
  const bins = numbers === 0 ? [] : binned(data, low, high, isFloat);
  return {
    name,
    format: formatText(format),
    count: data.length,
    notNumbers,
    low: numbers === 0 ? 0 : low * unit,
    high: numbers === 0 ? 0 : high * unit,
    atEdge,
    bins: bins.map(({ from, to, count }) => ({ from: from * unit, to: to * unit, count })),
  };
}

/** Bins around zero, so that zero has a separate one. */
function binned(
  data: ParameterData['data'],
  low: number,
  high: number,
  isFloat: boolean,
): { from: number; to: number; count: number }[] {
  const span = Math.max(Math.abs(low), Math.abs(high));
  // An odd number of steps a bin, so that a bin around zero is as wide on both sides.
  const exact = (2 * span + (isFloat ? 0 : 1)) / BINS;
  const steps = Math.ceil(exact);
  const width = isFloat ? Math.max(exact, Number.MIN_VALUE) : steps + (steps % 2 === 0 ? 1 : 0);
  const place = (value: number): number => Math.round(value / width);
  const first = place(low);
  const counts = new Array<number>(place(high) - first + 1).fill(0);
  for (const value of data) if (Number.isFinite(value)) counts[place(value) - first]!++;
  return counts.map((count, i) => ({
    from: (first + i - 0.5) * width,
    to: (first + i + 0.5) * width,
    count,
  }));
}

/** A small picture of an example as the pixels of an image. */
export interface Thumbnail {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Larger images are thinned out to this. */
const MAX_SIDE = 64;

/** The example as an image; null if it is none (a row of a table, or channels that no screen has). */
export function thumbnail(data: DataSet, index: number): Thumbnail | null {
  const [height = 0, width = 0, channels = 0] = data.shape;
  if (data.shape.length !== 3 || (channels !== 1 && channels !== 3)) return null;
  const size = exampleSize(data.shape);
  const pixels = data.features.subarray(index * size, (index + 1) * size);
  const toByte = byteScale(pixels);
  const stride = Math.ceil(Math.max(width, height) / MAX_SIDE);
  const columns = Math.ceil(width / stride);
  const rows = Math.ceil(height / stride);
  const bytes = new Uint8Array(rows * columns * channels);
  let at = 0;
  for (let y = 0; y < height; y += stride) {
    for (let x = 0; x < width; x += stride) {
      for (let c = 0; c < channels; c++) bytes[at++] = toByte(pixels[(y * width + x) * channels + c]!);
    }
  }
  return { width: columns, height: rows, channels, data: bytes };
}

/** Values of a longer row are left out. */
const MAX_VALUES = 8;

/** The features of an example of a table: `5.1, 3.5, 1.4, 0.2`, as the network gets them. */
export function valuesText({ features, shape }: DataSet, index: number): string {
  const size = exampleSize(shape);
  const values = [...features.subarray(index * size, (index + 1) * size)];
  const shown = values
    .slice(0, MAX_VALUES)
    .map((value) => String(Number(value.toPrecision(3))).replace('-', '−'));
  const rest = values.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** Pixels as they are; real values between the image's darkest and brightest. */
function byteScale(pixels: DataSet['features']): (value: number) => number {
  if (pixels instanceof Uint8Array) return (value) => value;
  let low = Infinity;
  let high = -Infinity;
  for (const value of pixels) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high > low ? high - low : 1;
  return (value) => Math.round((255 * (value - low)) / range);
}
