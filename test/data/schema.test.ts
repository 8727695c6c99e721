/** The schema of data: what other data must be to be read alike, and what is refused by name. */
import { describe, expect, test } from 'vitest';
import {
  ArrayDataSetIterator,
  conformData,
  conformIterator,
  csvDataSet,
  NormalizerStandardize,
  schemaOf,
  StreamDataSetIterator,
  type DataSchema,
  type DataSet,
} from '../../src/data/index.js';
import { thrown } from './support.js';

const table = csvDataSet('volt,amp,label\n1,10,cold\n3,30,warm\n');
const fitted = new NormalizerStandardize().fit(table);
const schema = schemaOf(fitted.transform(table));
const pixels: DataSet = {
  features: Uint8Array.of(0, 255),
  labels: Int32Array.of(0, 1),
  count: 2,
  shape: [1],
  classes: 2,
};

describe('schemaOf', () => {
  test('has what a network must know of its data, as plain JSON', () => {
    expect(JSON.parse(JSON.stringify(schema))).toEqual({
      kind: 'values',
      shape: [2],
      columns: { features: ['volt', 'amp'], label: 'label' },
      classes: 2,
      labelNames: ['cold', 'warm'],
      normalizer: { kind: 'standardize', offset: [2, 20], scale: [1, 0.1], shift: 0 },
    });
  });

  test('knows pixels, normalised or not', () => {
    expect(schemaOf(pixels)).toEqual({ kind: 'pixels', shape: [1], classes: 2 });
    const normalized = new NormalizerStandardize().fit(pixels).transform(pixels);
    expect(schemaOf(normalized)).toMatchObject({ kind: 'pixels', normalizer: { pixels: true } });
  });
});

describe('conformData', () => {
  const other = csvDataSet('amp,label,volt\n20,warm,5\n');

  test('columns and classes by name, normalised by the statistics of the schema', () => {
    expect(conformData(other, schema)).toEqual({
      features: Float32Array.of(3, 0),
      labels: Int32Array.of(1),
      count: 1,
      ...{ shape: [2], classes: 2, labelNames: ['cold', 'warm'] },
      ...{ columns: schema.columns, normalizer: schema.normalizer },
    });
    // The data that were given are as they were.
    expect(other.features).toEqual(Float32Array.of(20, 5));
    expect(other.labels).toEqual(Int32Array.of(0));
  });

  test('data that conform are the same object', () => {
    const data = fitted.transform(table);
    expect(conformData(data, schema)).toBe(data);
    expect(conformData(pixels, schemaOf(pixels))).toBe(pixels);
  });

  test('data without names are taken by place', () => {
    const { columns: _c, labelNames: _l, ...nameless } = table;
    expect(conformData(nameless, schema).features).toEqual(Float32Array.of(-1, -1, 1, 1));
    expect(conformData(nameless, schema).labelNames).toEqual(['cold', 'warm']);
  });

  test('the numbers of classes without names are their names', () => {
    const digits: DataSet = { ...pixels, labels: Int32Array.of(0, 1), labelNames: ['5', '3'] };
    const ten: DataSchema = { kind: 'pixels', shape: [1], classes: 10 };
    const conformed = conformData(digits, ten);
    expect([...conformed.labels]).toEqual([5, 3]);
    expect([conformed.classes, conformed.labelNames]).toEqual([10, undefined]);
  });

  test.each<[string, DataSet, DataSchema, string]>([
    [
      'an unknown class',
      { ...table, labelNames: ['cold', 'hot'] },
      schema,
      'the classes must be "cold", "warm" as in the training data, got unknown class "hot"; leave its examples out, or name the class as there',
    ],
    [
      'an unknown class of many',
      { ...pixels, labelNames: ['0', 'x'] },
      { kind: 'pixels', shape: [1], classes: 20 },
      'the classes must be "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11" and 8 more as in the training data, got unknown class "x"; leave its examples out, or name the class as there',
    ],
    [
      'a class without a name too many',
      { ...pixels, classes: 4 },
      schemaOf(pixels),
      'the classes must be "0", "1" as in the training data, got unknown class "3"; leave its examples out, or name the class as there',
    ],
    [
      'another column',
      { ...table, columns: { features: ['volt', 'ohm'], label: 'label' } },
      schema,
      'the feature columns must be "volt", "amp" as in the training data, got "volt", "ohm": no column "amp", unknown column "ohm"',
    ],
    [
      'another number of features',
      { ...pixels, features: new Uint8Array(4), shape: [2] },
      schemaOf(pixels),
      'examples must have the shape 1 as in the training data, got 2',
    ],
    [
      'pixels for a table',
      { ...pixels, features: new Uint8Array(4), shape: [2] },
      schema,
      'features must be real values (of a table, for example) as in the training data, got pixels; use data of the same kind',
    ],
    [
      'a table for pixels',
      table,
      schemaOf({ ...pixels, shape: [2] }),
      'features must be pixels as in the training data, got real values (of a table, for example); use data of the same kind',
    ],
    [
      'other statistics',
      new NormalizerStandardize().fit(other).transform(table),
      schema,
      'features must be raw, or normalised as the training data (standardize), got features normalised by other statistics (standardize); load them without normalising them',
    ],
    [
      'statistics for a network without',
      fitted.transform(table),
      schemaOf(table),
      'features must be raw, got features normalised by other statistics (standardize); load them without normalising them',
    ],
  ])('refuses %s', (_, data, expected, message) => {
    expect(thrown(() => conformData(data, expected, 'test.csv'))).toBe(`DataError: test.csv: ${message}`);
  });
});

describe('iterators', () => {
  test('conform batch by batch, with position, reset and seek of the source', () => {
    const source = new ArrayDataSetIterator(csvDataSet('amp,label,volt\n20,warm,5\n10,cold,1\n'), {
      batch: 1,
    });
    const iterator = conformIterator(source, schema);
    expect(iterator).toMatchObject({ batch: 1, classes: 2, totalExamples: 2, resetSupported: true, schema });
    iterator.next();
    expect(iterator.next()).toMatchObject({ features: Float32Array.of(-1, -1), labels: Int32Array.of(0) });
    expect([iterator.hasNext(), source.position]).toEqual([false, { epoch: 0, cursor: 2 }]);
    iterator.seek({ epoch: 0, cursor: 1 });
    expect(iterator.next().labels).toEqual(Int32Array.of(0));
    iterator.reset();
    expect(iterator.position).toEqual({ epoch: 1, cursor: 0 });
  });

  test('no iterator and no schema are named', () => {
    const iterator = new ArrayDataSetIterator(table, { batch: 1 });
    expect(() => conformIterator(undefined as never, schema)).toThrow(
      'data: iterator must be a DataSetIterator (with next, hasNext, reset), got undefined',
    );
    expect(() => conformIterator(iterator, undefined as never)).toThrow(
      'data: schema must be a DataSchema, got undefined',
    );
  });

  test('one that conforms is the same object', () => {
    const iterator = new ArrayDataSetIterator(fitted.transform(table), { batch: 1 });
    expect(conformIterator(iterator, iterator.schema)).toBe(iterator);
  });

  test('the pieces of a stream are matched by the names of their columns and classes', () => {
    const stream = new StreamDataSetIterator([table, csvDataSet('amp,volt,label\n8,7,warm\n9,6,cold\n')], {
      batch: 4,
    });
    expect(stream.next()).toMatchObject({
      features: Float32Array.of(1, 10, 3, 30, 7, 8, 6, 9),
      labels: Int32Array.of(0, 1, 1, 0),
    });
    const odd = new StreamDataSetIterator([table, csvDataSet('amp,volt,label\n8,7,hot\n9,6,cold\n')], {
      batch: 4,
    });
    expect(thrown(() => odd.next())).toMatch(/^DataError: stream: piece: the classes must be "cold", "warm"/);
  });
});
