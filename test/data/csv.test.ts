import { parse as parseWithLibrary } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvDataSet, csvDataSets, noteText, parseCsv } from '../../src/data/index.js';
import { csvRecords } from '../../src/data/csv-records.js';
import { range, thrown } from './support.js';

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
    ['a header by the name of the label', '5,6,label\n1,2,7', {}],
    ['header declared present', '0,1,label\n1,2,7', { header: true }],
    ['header declared absent', '1,2,7', { header: false }],
    ['another delimiter', '1;2;7', { delimiter: ';' }],
    ['a separator found', '1;2;7', {}],
    ['carriage returns alone', 'a,b,label\r1,2,7\r', {}],
    ['carriage returns alone, without a header', '1\t2\t7\r', {}],
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

describe('notes', () => {
  const notesOf = (text: string): string[] => parseCsv(text, { name: 'f' }).notes.map(noteText);
  const counting = (count: number, row: (i: number) => string, header = ''): string =>
    [...(header === '' ? [] : [header]), ...range(count).map(row)].join('\n');

  test.each([
    ['nothing odd', 'a,b,label\n3,2,x\n5,6,y\n', []],
    ['blank lines', 'a,label\n\n3,x\n\n\n5,y\n', ['blank lines left out: 3, first f: line 2']],
    ['a semicolon', 'a;label\n3;x', ['the separator is no comma: f: ";"']],
    ['a tab', 'a\tlabel\n3\tx', ['the separator is no comma: f: a tab']],
    [
      'a header that counts its columns',
      '0,1,2\n5.5,1.5,0\n5.1,1.2,1\n',
      [
        'the first row counts its columns and is read as a header: f: 0, 1, 2; if it is an example, put a header above it',
      ],
    ],
    [
      'the same before words',
      '0,1,kind\n5.5,1.5,x\n5.1,1.2,y\n',
      [
        'the first row counts its columns and is read as a header: f: 0, 1, kind; if it is an example, put a header above it',
      ],
    ],
    [
      'a first row whose label is that of other rows too',
      '0,1,2\n5.5,1.5,2\n5.1,1.2,1\n',
      [
        'the first row counts its columns and is read as an example: f: 0, 1, 2; if it is a header, replace the numbers by names',
      ],
    ],
    [
      'an index without a name',
      ',w,label\n0,9,x\n1,7,x\n2,8,y',
      [
        'columns that count the rows, read as features: f: column 1 (""); remove the column if it is an index',
      ],
    ],
    [
      'a named column that counts many rows',
      counting(20, (i) => `${i % 3},${i + 7},${i % 2 ? 'x' : 'y'}`, 'w,id,label'),
      [
        'columns that count the rows, read as features: f: column 2 ("id"); remove the column if it is an index',
      ],
    ],
    ['a few rows may count by chance', counting(19, (i) => `${i},${i % 2 ? 'x' : 'y'}`, 'id,label'), []],
    [
      'a word for missing values',
      'a,label\n3,NA\n5,y\n5,NA',
      [
        'examples of the class "NA", which may stand for a missing value: 2, first f: example 1; remove the rows if it does',
      ],
    ],
    [
      'labels in front, without a header',
      counting(40, (i) => `${i % 10},${i * 7},${(i * 3) % 10}`),
      [
        'no header, so the last column is the label; the first column holds small whole numbers too: f; if the first is the label, put a header above that calls it label',
      ],
    ],
    [
      'columns of one name',
      'a,a,b,label\n3,4,1,x\n5,6,2,y',
      [
        'columns with the name of another column, which only their order tells apart: f: column 2 ("a"); rename or remove them',
      ],
    ],
    ['numbers in front of words', counting(40, (i) => `${i % 10},${i * 7},${i % 2 ? 'x' : 'y'}`), []],
  ])('%s', (_, text, expected) => {
    expect(notesOf(text)).toEqual(expected);
  });

  test('a header of numbers is no example', () => {
    const table = parseCsv('0,1,2\n5.5,1.5,0\n5.25,1.25,1\n');
    expect(table.labels).toEqual(['0', '1']);
    expect(table.columns?.features).toEqual(['0', '1']);
  });

  test('a separator given is not guessed', () => {
    expect(thrown(() => parseCsv('a;label\n3;x', { name: 'f', delimiter: ',' }))).toBe(
      'DataError: f: a CSV needs a label and at least one feature column, got 1 column; the separator seems to be ";"',
    );
  });
});

describe('bad CSV', () => {
  test.each([
    ['', {}, 'f: a CSV needs at least one row, got none'],
    ['\n\n', {}, 'f: a CSV needs at least one row, got none'],
    ['a,b\n', {}, 'f: a CSV needs at least one row after its header, got none'],
    ['label\n1\n', {}, 'f: a CSV needs a label and at least one feature column, got 1 column'],
    [
      'x,y,label\n1,NaN,0',
      {},
      'f: line 2, column 2 ("y") must be a finite number (float32), got "NaN", a missing value; fill it in or remove the row',
    ],
    ['1,2,0\n1,Infinity,0', {}, 'f: line 2, column 2 must be a finite number (float32), got "Infinity"'],
    ['1,2,0\n1,1e39,0', {}, 'f: line 2, column 2 must be a finite number (float32), got "1e39"'],
    ['1,2,0\nabc,2,0', {}, 'f: line 2, column 1 must be a finite number (float32), got "abc"'],
    ['1,2,0\n\n1, ,0', {}, 'f: line 3, column 2 must be a finite number (float32), got an empty cell'],
    ['x,label\n1,', {}, 'f: line 2, column 2 ("label") must hold a label, got an empty cell'],
    [
      '?,?,ham\n3,5,egg',
      {},
      'f: line 1, column 1 must be a finite number (float32), got "?", a missing value; fill it in or remove the row',
    ],
    [
      '1,0.0\n2,1.0',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "0.0" in example 1; if this is the label column, write 0 for 0.0, 1 for 1.0',
    ],
    [
      range(11)
        .map((i) => `${i},${i}.5`)
        .join('\n'),
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "0.5" in example 1; a label is a class, and not a value to be predicted',
    ],
    [
      '1,word\n2,1',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "word" in example 1 beside numbers; if that is a header, none of its names may be a number',
    ],
    [
      '1,1\n2,word',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "word" in example 2 beside numbers; choose the label column',
    ],
    [
      'a;b;label\n1,5;2,5;x',
      {},
      'f: line 2, column 1 ("a") must be a finite number (float32), got "1,5"; write a point for the decimal comma',
    ],
    [
      '1,5;2,5;x\n3,5;4,5;y',
      {},
      'f: line 1, column 2 must be a finite number (float32), got "5;2"; the separator seems to be ";", with decimal commas: write points for them',
    ],
    [
      '1 2 x\n3 4 y',
      {},
      'f: a CSV needs a label and at least one feature column, got 1 column; the separator seems to be " "',
    ],
    [
      'alcohol,280,kind\n1,2,x',
      {},
      'f: line 1, column 1 must be a finite number (float32), got "alcohol"; if line 1 is a header, none of its names may be a number',
    ],
    [
      'class,a,label\n1,2,3',
      {},
      'f: one column must be the label, got "class" and "label"; rename one of them',
    ],
    ['sep=;\na;label\n1;x', {}, 'f: must begin with a row, got a spreadsheet\'s "sep="; remove line 1'],
    ['<!DOCTYPE html><html>, </html>', {}, 'f: must be a table, got a web page (HTML); fetch the file again'],
    ['[{"a": 1, "label": 0}]', {}, 'f: must be a table, got JSON text; give a file of the expected kind'],
    [
      '1,2\r3,4,0\n',
      {},
      'f: line 1, column 2 must be a finite number (float32), got "2\\r3"; if line 1 is a header, none of its names may be a number',
    ],
    ['1,2,0\n1,0', {}, 'f: every row needs 3 cells as the first has, got 2 in line 2'],
    ['1,2,0\n1,2,3,0', {}, 'f: every row needs 3 cells as the first has, got 4 in line 2'],
    [
      'a,b\n1,x\n2,y\0',
      {},
      'f: must be text, got a character 0 in line 3; remove it, or fetch the file again',
    ],
    ['1,"a', {}, 'f: the quote opened in line 1 must be closed, got the end'],
    [
      '1,2\n1,a"b"',
      {},
      'f: a quote must open and close a whole cell, got "a\\"b\\"" in line 2; double the quotes inside',
    ],
    ['1,"a"b', {}, 'f: a closing quote must end its cell, got "b" behind it in line 1'],
    [
      '1,0.5\n2,1',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "0.5" in example 1; if this is the label column, write 0 for 0.5, 1 for 1',
    ],
    [
      '1,1\n2,-1',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "-1" in example 2; if this is the label column, write 0 for -1, 1 for 1',
    ],
    [
      '1,1\n2,65536',
      {},
      'f: labels must all be whole numbers 0 to 65535 or all be words, got "65536" in example 2; if this is the label column, write 0 for 1, 1 for 65536',
    ],
  ])('%j %o', (text, options, message) => {
    expect(thrown(() => csvDataSet(text, { name: 'f', ...options }))).toBe(`DataError: ${message}`);
  });

  test.each(['nan', '?', 'N/A', 'null', '<NA>'])('a missing label: %s', (label) => {
    expect(thrown(() => csvDataSet(`a,label\n3,ham\n5,${label}`, { name: 'f' }))).toBe(
      `DataError: f: line 3, column 2 ("label") must hold a label, got "${label}", a missing value; remove the row`,
    );
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
