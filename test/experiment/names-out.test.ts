/** Names from files in charts, pages, Markdown, CSV and exports: each place gets what it can hold, and no more. */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { pngRenderer } from '../../src/cli/console/png.js';
import {
  comparisonChart,
  comparisonPage,
  csvText,
  errorChart,
  folderName,
} from '../../src/experiment/index.js';
import { estimateMarkdown } from '../../src/experiment/array/table.js';
import { markdownTable, markdownText } from '../../src/experiment/draw/text.js';
import { type ComparisonRow } from '../../src/experiment/store/index.js';
import { identifier, Names } from '../../src/export/files.js';
import { CONFIGURATION } from './support.js';

const EVIL = ']]>\u0000\u001b[2J\u0007<script>"\'&\ud800\u202e\uffff\u009b=1+2';
const PLAIN = ']]>\ufffd\ufffd[2J\ufffd<script>"\'&\ufffd\ufffd\ufffd\ufffd=1+2';

const ROW: ComparisonRow = {
  name: EVIL,
  path: EVIL,
  configuration: CONFIGURATION,
  result: {
    digest: 'd'.repeat(64),
    testErrorPercent: 50,
    trainErrorPercent: 40,
    testLoss: 1,
    loss: 1,
    epochs: 1,
    steps: 8,
    stepsPerSecond: 8,
    swallowed: [],
    lost: [],
  },
  metrics: [1, 2].map((epoch) => ({
    event: 'epoch',
    epoch,
    step: 4 * epoch,
    partial: false,
    testErrorPercent: 50,
    loss: 0.1,
    trainErrorPercent: 1,
    testLoss: 0.1,
    stepsPerSecond: 5,
  })),
};

/** Characters that XML 1.0 has not. */
const NO_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

describe('a name with control characters', () => {
  it('leaves a chart valid XML, which a strict parser reads', async () => {
    const svg = await errorChart(comparisonChart(EVIL, [ROW]));
    expect(svg).not.toMatch(NO_XML);
    expect(svg).not.toContain(']]>');
    expect((await pngRenderer())(svg).length).toBeGreaterThan(1000);
    expect(parseHTML(svg).document.querySelector('title')?.textContent).toBe(PLAIN);
  });

  it('is text on a page', async () => {
    const html = await comparisonPage(EVIL, [ROW]);
    expect(html).not.toMatch(NO_XML);
    expect(html).not.toContain('\u202e');
    const { document } = parseHTML(html);
    expect(document.querySelectorAll('script').length).toBe(0);
    expect(document.querySelector('h1')?.textContent).toBe(PLAIN);
  });
});

describe('a cell of CSV', () => {
  it.each(['=1+2', '+1+2', '-1+2', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '-', '=cmd|x'])(
    'that a spreadsheet would compute, %j, begins with an apostrophe, and so does such a column',
    (text) => {
      const quoted = /[\r\n]/.test(text) ? `"'${text}"` : `'${text}`;
      expect(csvText([{ [text]: text }])).toBe(`${quoted}\r\n${quoted}\r\n`);
    },
  );

  it.each(['-0.5', '+3', '-1e-7', '.5', '1.', '-Infinity', 'a=1', ''])(
    'that is a number or a plain text stays: %j',
    (text) => {
      const expected = text === '-Infinity' ? `'${text}` : text;
      expect(csvText([{ a: text, b: -1.5 }])).toBe(`a,b\r\n${expected},-1.5\r\n`);
    },
  );
});

describe('Markdown', () => {
  it('keeps a name on its line and in its cell', () => {
    const name = 'a|b\n# c`d` *e* [f](g) <h> &amp; \\';
    const text = 'a\\|b # c\\`d\\` \\*e\\* \\[f\\](g) &lt;h> &amp;amp; \\\\';
    expect(markdownText(name)).toBe(text);
    expect(markdownTable({ head: [name], rows: [[name]] })).toBe(`| ${text} |\n| --- |\n| ${text} |`);
    const parts = { array: 'An array', head: [], rows: [], command: 'fewbit', pictures: [], facts: [] };
    expect(estimateMarkdown({ ...parts, title: name }).split('\n')[0]).toBe(`# ${text}`);
  });
});

describe('a name of a file', () => {
  it.each([
    ['../../x', 'x'],
    ['a/b\\c:d*e?', 'a-b-c-d-e'],
    ['...', ''],
    ['a.', 'a'],
    ['CON', 'con-'],
    ['lpt1.txt', 'lpt1-.txt'],
    ['console', 'console'],
  ])('of %j is %j', (name, folder) => {
    expect(folderName(name)).toBe(folder);
  });

  it('is short, and that of another name differs', () => {
    const [one, other] = ['a', 'b'].map((end) => folderName('x'.repeat(300) + end));
    expect([one?.length, other?.length]).toEqual([100, 100]);
    expect(one).not.toBe(other);
  });

  it('of an export is an identifier of C, short and none of a device', () => {
    expect(identifier('*/ #include\n"x"')).toBe('n_include_x_');
    expect(identifier('NUL')).toBe('nul_2');
    expect(identifier('x'.repeat(300))).toBe('x'.repeat(60));
    const names = new Names();
    expect(['a', 'b'].map((end) => names.take('x'.repeat(300) + end))).toEqual([
      'x'.repeat(60),
      `${'x'.repeat(60)}_2`,
    ]);
  });
});
