/**
 * The schema of data: what a network must know of the data that it learnt from, to read other data alike. It is made from a
 * data set, travels in checkpoints as plain JSON, and `conformData` applies it: columns and classes by name, never by
 * place, features normalised by the same statistics. docs/data.md, "The schema".
 */
import {
  checkArgument,
  listOf,
  NUMBER,
  oneOf,
  optional,
  record,
  TEXT,
  withMethods,
} from '../numerics/arguments.js';
import type {
  Columns,
  DataSchema,
  DataSet,
  DataSetIterator,
  FeatureShape,
  IteratorPosition,
  NormalizerState,
} from './dataset.js';
import { DataError } from './errors.js';
import { DATA_SET, SHAPE, exampleSize, shapeText } from './examples.js';
import { applyNormalizer } from './normalizer.js';

const SCHEMA = record('a DataSchema', {
  kind: oneOf(['pixels', 'values']),
  shape: SHAPE,
  columns: optional(record('columns', { features: listOf(TEXT), label: TEXT })),
  classes: NUMBER,
  labelNames: optional(listOf(TEXT)),
});

/** The schema of a data set. */
export function schemaOf(data: DataSet): DataSchema {
  checkArgument('schema: data', data, DATA_SET);
  const { features, shape, columns, classes, labelNames, normalizer } = data;
  const isPixels = normalizer ? normalizer.pixels === true : features instanceof Uint8Array;
  return {
    kind: isPixels ? 'pixels' : 'values',
    shape,
    ...(columns && { columns }),
    classes,
    ...(labelNames && { labelNames }),
    ...(normalizer && { normalizer }),
  };
}

/**
 * A data set as the data of a schema are: columns and classes in its order, matched by name, features normalised by its
 * statistics. The data set itself if it is so already. Data without names are taken by place.
 * @throws DataError for another kind of features, a missing or unknown column, an unknown class, or features that are
 * normalised by other statistics; `who` begins the message.
 */
export function conformData(data: DataSet, schema: DataSchema, who = 'data'): DataSet {
  checkArgument(`${who}: schema`, schema, SCHEMA);
  return applied(conforming(schemaOf(data), schema, who), data);
}

/**
 * An iterator whose batches are as the data of a schema, by the rules of `conformData`. An iterator that does not know its
 * own schema is asked for the names of its classes only.
 * @throws DataError as conformData
 */
export function conformIterator(
  iterator: DataSetIterator,
  schema: DataSchema,
  who = 'data',
): DataSetIterator {
  checkArgument(`${who}: iterator`, iterator, withMethods('a DataSetIterator', 'next', 'hasNext', 'reset'));
  checkArgument(`${who}: schema`, schema, SCHEMA);
  const { classes, labelNames } = iterator;
  const { kind, shape, normalizer } = schema;
  const own: DataSchema = iterator.schema ?? {
    ...{ kind, shape, classes },
    ...(labelNames && { labelNames }),
    ...(normalizer && { normalizer }),
  };
  const changes = conforming(own, schema, who);
  return changes.length === 0 ? iterator : new ConformingIterator(iterator, schema, changes);
}

type Change = (data: DataSet) => DataSet;

function applied(changes: readonly Change[], data: DataSet): DataSet {
  return changes.reduce((changed, change) => change(changed), data);
}

/** The changes by which data of one schema become data of another. */
function conforming(from: DataSchema, to: DataSchema, who: string): Change[] {
  if (from.kind !== to.kind) {
    const text = { pixels: 'pixels', values: 'real values (of a table, for example)' };
    throw new DataError(
      `${who}: features must be ${text[to.kind]} as in the training data, got ${text[from.kind]}; use data of the same kind`,
    );
  }
  const changes: Change[] = [];
  const order = columnOrder(from.columns, to.columns, who);
  if (order) changes.push((data) => reordered(data, order, to.columns!));
  if (exampleSize(from.shape) !== exampleSize(to.shape)) {
    throw new DataError(
      `${who}: examples must have the shape ${shapeText(to.shape)} as in the training data, got ${shapeText(from.shape)}`,
    );
  }
  const { classes, labelNames } = to;
  if (from.classes !== classes || !sameNames(from.labelNames, labelNames)) {
    const outputs = classOutputs(from, to, who);
    changes.push(({ labelNames: _own, ...data }) => ({
      ...data,
      labels: outputs ? data.labels.map((label) => outputs[label]!) : data.labels,
      classes,
      ...(labelNames && { labelNames }),
    }));
  }
  const { normalizer } = to;
  if (!sameNormalizer(from.normalizer, normalizer)) {
    if (from.normalizer || !normalizer) {
      const needed = normalizer ? `raw, or normalised as the training data (${normalizer.kind})` : 'raw';
      throw new DataError(
        `${who}: features must be ${needed}, got features normalised by other statistics (${from.normalizer!.kind}); load them without normalising them`,
      );
    }
    changes.push((data) => applyNormalizer(normalizer, data));
  }
  return changes;
}

/** For each column of `to` the place of its name in `from`; null if the order is the same, or is all that is known. */
function columnOrder(from: Columns | undefined, to: Columns | undefined, who: string): number[] | null {
  if (!from || !to || sameNames(from.features, to.features)) return null;
  const [got, expected] = [from.features, to.features];
  const [places, known] = [placesOf(got), placesOf(expected)];
  const problems = [
    ['no column', expected.filter((name) => !places.has(name))],
    ['unknown column', got.filter((name) => !known.has(name))],
    ['more than one column', got.filter((name, at) => places.get(name) !== at)],
  ] as const;
  const found = problems.filter(([, names]) => names.length > 0);
  if (found.length === 0) return expected.map((name) => places.get(name)!);
  throw new DataError(
    `${who}: the feature columns must be ${listText(expected)} as in the training data, got ${listText(got)}: ${found.map(([what, names]) => `${what} ${listText(names)}`).join(', ')}`,
  );
}

/** The first place of each name. */
function placesOf(names: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [at, name] of names.entries()) if (!places.has(name)) places.set(name, at);
  return places;
}

function reordered(data: DataSet, order: readonly number[], columns: Columns): DataSet {
  const { features } = data;
  const size = order.length;
  const sorted = features.slice();
  for (let row = 0; row < features.length; row += size) {
    order.forEach((from, to) => {
      sorted[row + to] = features[row + from]!;
    });
  }
  return { ...data, features: sorted, columns };
}

/** For each class of `from` the output of its name; null if classes have no names and are outputs already. */
function classOutputs(from: DataSchema, to: DataSchema, who: string): number[] | null {
  const known = to.labelNames ?? Array.from({ length: to.classes }, (_, output) => String(output));
  const outputs = placesOf(known);
  const names = from.labelNames;
  // Of classes without names the number is the name.
  const last = from.classes > to.classes ? [String(from.classes - 1)] : [];
  const unknown = names?.filter((name) => !outputs.has(name)) ?? last;
  if (unknown.length > 0) {
    throw new DataError(
      `${who}: the classes must be ${listText(known)} as in the training data, got unknown class ${listText(unknown)}; leave its examples out, or name the class as there`,
    );
  }
  return names?.map((name) => outputs.get(name)!) ?? null;
}

function sameNames(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (!a || !b) return a === b;
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function sameNormalizer(a: NormalizerState | undefined, b: NormalizerState | undefined): boolean {
  if (!a || !b) return a === b;
  const same = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((value, i) => value === y[i]);
  return a.shift === b.shift && a.pixels === b.pixels && same(a.offset, b.offset) && same(a.scale, b.scale);
}

/** Most names in a message. */
const SHOWN = 12;

/** Names in quotes, the first few of many. */
export function listText(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map((name) => JSON.stringify(name));
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

/** Another iterator, each batch of it changed. */
class ConformingIterator implements DataSetIterator {
  readonly schema: DataSchema;
  readonly shape: FeatureShape;
  readonly classes: number;
  readonly labelNames?: readonly string[];
  readonly totalExamples?: number;
  readonly #source: DataSetIterator;
  readonly #changes: readonly Change[];

  constructor(source: DataSetIterator, schema: DataSchema, changes: readonly Change[]) {
    const { labelNames, classes } = schema;
    const { shape, totalExamples } = source;
    this.schema = schema;
    this.shape = shape;
    this.classes = classes;
    if (labelNames) this.labelNames = labelNames;
    if (totalExamples !== undefined) this.totalExamples = totalExamples;
    this.#source = source;
    this.#changes = changes;
  }

  get batch(): number {
    return this.#source.batch;
  }

  get resetSupported(): boolean {
    return this.#source.resetSupported;
  }

  get position(): IteratorPosition {
    return this.#source.position;
  }

  hasNext(): boolean {
    return this.#source.hasNext();
  }

  next(count?: number): DataSet {
    return applied(this.#changes, this.#source.next(count));
  }

  reset(): void {
    this.#source.reset();
  }

  seek(position: IteratorPosition): void {
    this.#source.seek(position);
  }
}
