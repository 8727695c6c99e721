import { parse as parseWithLibrary } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvDataSet, csvDataSets, parseCsv } from '../../src/data/index.js';
import { csvRecords } from '../../src/data/csv-records.js';
import { thrown } from './support.js';

const cellsOf = (text: string, delimiter = ','): (readonly string[])[] =>
  [...csvRecords(text, 'csv', delimiter)].map(({ cells }) => cells);

describe('records', () => {
  test('agree with csv-parse on every text that both accept', () => {
    const alphabet = fc.constantFrom('a', '1', ',', '"', '\n', '\r\n', ' ', ';', 'é');
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 14 }), (letters) => {
        const text = letters.join('');
        let expected: string[][];
        try {
          expected = parseWithLibrary(text, {
            relax_column_count: true,
            skip_empty_lines: true,
            record_delimiter: ['\n', '\r\n'],
          });
        } catch {
          expect(() => cellsOf(text)).toThrow();
          return;
        }
        accepted++;
        expect(cellsOf(text)).toEqual(expected);
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  test('quoted cells may hold delimiters, quotes and line ends; lines are counted', () => {
    const text = '\uFEFFa,"b ""x"", y"\r\n\r\n"1\n2",3\n4,5';
    expect([...csvRecords(text, 'csv', ',')]).toEqual([
      { line: 1, cells: ['a', 'b "x", y'] },
      { line: 3, cells: ['1\n2', '3'] },
      { line: 5, cells: ['4', '5'] },
    ]);
    expect(cellsOf('a;"b;c"', ';')).toEqual([['a', 'b;c']]);
  });
});

describe('csvDataSet', () => {
  test('words become classes in order, the last column is the label', () => {
    expect(csvDataSet('x,y,kind\n1,2.5,dog\n-3,4e1,cat\n5,6,dog\n')).toEqual({
      features: Float32Array.of(1, 2.5, -3, 40, 5, 6),
      labels: Int32Array.of(1, 0, 1),
      count: 3,
      shape: [2],
      classes: 2,
      labelNames: ['cat', 'dog'],
      columns: { features: ['x', 'y'], label: 'kind' },
    });
  });

  test('whole numbers are class indices, without a header too', () => {
    const data = csvDataSet('0.5,2\n0.25,0');
    expect(data.labels).toEqual(Int32Array.of(2, 0));
    expect(data.classes).toBe(3);
    expect(data.labelNames).toBeUndefined();
  });

  test.each([
    ['a column called label', 'label,a,b\n7,1,2', {}],
    ['or class, in any case', 'a,Class,b\n1,7,2', {}],
    ['by name', 'a,b,digit\n1,2,7', { label: 'digit' }],
    ['by name, not the last', 'digit,a,b\n7,1,2', { label: 'digit' }],
    ['by index', '7,1,2', { label: 0 }],
    ['header declared present', '0,1,label\n1,2,7', { header: true }],
    ['header declared absent', '1,2,7', { header: false }],
    ['another delimiter', '1;2;7', { delimiter: ';' }],
    ['blanks around', ' a , b , label \n 1 , 2 , 7 ', {}],
  ])('the label column: %s', (_, text, options) => {
    const data = csvDataSet(text, options);
    expect(data.features).toEqual(Float32Array.of(1, 2));
    expect(data.labels).toEqual(Int32Array.of(7));
  });

  test('names of columns are kept', () => {
    expect(parseCsv('a,label,b\n1,2,3').columns).toEqual({ features: ['a', 'b'], label: 'label' });
  });
});

describe('a second table follows the first', () => {
  const sets = (...texts: string[]): ReturnType<typeof csvDataSets> => {
    const train = parseCsv(texts[0]!, { name: 'train.csv' });
    const rest = texts.slice(1).map((text) => parseCsv(text, { name: 'test.csv' }, train));
    return csvDataSets([train, ...rest]);
  };

  test('columns and classes by name, in any order; a class may be missing', () => {
    const [train, held] = sets('long,wide,label\n1,50,pin\n7,20,nut\n', 'label,wide,long\npin,51,2\n');
    expect(held).toEqual({
      features: Float32Array.of(2, 51),
      labels: Int32Array.of(1),
      count: 1,
      shape: [2],
      classes: 2,
      labelNames: train!.labelNames,
      columns: train!.columns,
    });
  });

  test('without names, columns are known by place, the label column too', () => {
    const [, held] = csvDataSets([
      parseCsv('0,7,8\n1,9,9', { label: 0 }),
      parseCsv('2,5,6', {}, parseCsv('0,7,8', { label: 0 })),
    ]);
    expect(held).toMatchObject({ features: Float32Array.of(5, 6), labels: Int32Array.of(2), classes: 3 });
  });

  test.each([
    [
      'another column',
      'mass,wide,label\n1,50,pin',
      'the feature columns must be "long", "wide" as in the training data, got "mass", "wide": no column "long", unknown column "mass"',
    ],
    [
      'a column less',
      'wide,label\n50,pin',
      'the feature columns must be "long", "wide" as in the training data, got "wide": no column "long"',
    ],
    [
      'a column more',
      'id,long,wide,label\n1,1,50,pin',
      'the feature columns must be "long", "wide" as in the training data, got "id", "long", "wide": unknown column "id"',
    ],
    [
      'a column twice',
      'wide,long,wide,label\n1,1,50,pin',
      'the feature columns must be "long", "wide" as in the training data, got "wide", "long", "wide": more than one column "wide"',
    ],
    [
      'no label column',
      'long,wide\n1,50',
      'there must be the label column "label" as in the training data, got no column label; the columns are "long", "wide"',
    ],
    [
      'another column at the end',
      'long,wide,kind\n1,50,pin',
      'there must be the label column "label" as in the training data, got no column label; the columns are "long", "wide", "kind"',
    ],
    [
      'no header',
      '1,50,pin',
      'there must be a header as in the training data, with the columns "long", "wide", "label", got none; add it as the first row',
    ],
    [
      'an unknown class',
      'long,wide,label\n1,50,bolt',
      'the classes must be "nut", "pin" as in the training data, got unknown class "bolt"; leave its examples out, or name the class as there',
    ],
    [
      'numbers for names',
      'long,wide,label\n1,50,0',
      'the classes must be "nut", "pin" as in the training data, got unknown class "0"; leave its examples out, or name the class as there',
    ],
  ])('%s', (_, text, message) => {
    expect(thrown(() => sets('long,wide,label\n1,50,pin\n7,20,nut\n', text))).toBe(
      `DataError: test.csv: ${message}`,
    );
  });
});

describe('bad CSV', () => {
  test.each([
    ['', {}, 'f: a CSV needs at least one row, got none'],
    ['\n\n', {}, 'f: a CSV needs at least one row, got none'],
    ['a,b\n', {}, 'f: a CSV needs at least one row after its header, got none'],
    ['label\n1\n', {}, 'f: a CSV needs a label and at least one feature column, got 1 column'],
    ['x,y,label\n1,NaN,0', {}, 'f: line 2, column 2 ("y") must be a finite number (float32), got "NaN"'],
    ['1,2,0\n1,Infinity,0', {}, 'f: line 2, column 2 must be a finite number (float32), got "Infinity"'],
    ['1,2,0\n1,1e39,0', {}, 'f: line 2, column 2 must be a finite number (float32), got "1e39"'],
    ['1,2,0\nabc,2,0', {}, 'f: line 2, column 1 must be a finite number (float32), got "abc"'],
    ['1,2,0\n\n1, ,0', {}, 'f: line 3, column 2 must be a finite number (float32), got an empty cell'],
    ['x,label\n1,', {}, 'f: line 2, column 2 ("label") must hold a label, got an empty cell'],
    ['1,2,0\n1,0', {}, 'f: every row needs 3 cells as the first has, got 2 in line 2'],
    ['1,2,0\n1,2,3,0', {}, 'f: every row needs 3 cells as the first has, got 4 in line 2'],
    ['1,"a', {}, 'f: the quote opened in line 1 must be closed, got the end'],
    [
      '1,2\n1,a"b"',
      {},
      'f: a quote must open and close a whole cell, got a"b" in line 2; double the quotes inside',
    ],
    ['1,"a"b', {}, 'f: a closing quote must end its cell, got "b" behind it in line 1'],
    [
      '1,0.5\n2,1',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "0.5" in example 1 beside numbers; choose the label column, or tell whether there is a header',
    ],
    [
      '1,1\n2,-1',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "-1" in example 2 beside numbers; choose the label column, or tell whether there is a header',
    ],
    [
      '1,1\n2,65536',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "65536" in example 2 beside numbers; choose the label column, or tell whether there is a header',
    ],
    [
      '0,label\n2,1',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "label" in example 1 beside numbers; choose the label column, or tell whether there is a header',
    ],
  ])('%j %o', (text, options, message) => {
    expect(thrown(() => csvDataSet(text, { name: 'f', ...options }))).toBe(`DataError: ${message}`);
  });

  test.each([
    ['a,b\n1,2', { label: 'c' }, 'f: label column "c" must be a column\'s name; the columns are a, b'],
    [
      '1,2',
      { label: 'c' },
      'f: label column "c" must be a column\'s name; the CSV has no header; give its 0-based index',
    ],
    ['1,2', { label: 2 }, 'f: label column must be 0 to 1, got 2'],
    ['1,2', { label: -1 }, 'f: label column must be 0 to 1, got -1'],
    [
      '1,2',
      { delimiter: '"' },
      'csv: delimiter must be one character other than a quote or line end, got """',
    ],
    [
      '1,2',
      { delimiter: ', ' },
      'csv: delimiter must be one character other than a quote or line end, got ", "',
    ],
  ])('bad options: %j %o', (text, options, message) => {
    expect(thrown(() => csvDataSet(text, { name: 'f', ...options }))).toBe(`RangeError: ${message}`);
  });

  test('tables that do not fit together', () => {
    const tables = [parseCsv('1,2,a', { name: 'train' }), parseCsv('1,a', { name: 'test' })];
    expect(thrown(() => csvDataSets(tables))).toBe(
      'DataError: test: examples must have the shape 2 as in the training data, got 1',
    );
  });
});
