/**
 * No room takes randomness or time from the machine, and training uses no function that ECMAScript leaves
 * approximate, so the same run gives the same bits in every engine. The test reads the syntax tree, so
 * comments may mention what the code must not do. Lint reports the same in the editor, but a comment cannot
 * switch this test off.
 */
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { APPROXIMATE_MATH } from '../../architecture.js';
import { readSources } from './sources.js';
import { roomOf, touchesEnvironment } from './walls.js';

/** `Math.random`, `new Date` ... with the line, for every property access and every free name in the file. */
function usesOf(file: string, text: string, forbidden: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  function note(node: ts.Node, name: string): void {
    if (!forbidden.has(name)) return;
    found.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${name}`);
  }
  function visit(node: ts.Node): void {
    if (ts.isPropertyAccessExpression(node)) {
      note(node, node.name.text);
      if (ts.isIdentifier(node.expression)) note(node, `${node.expression.text}.${node.name.text}`);
    } else if (ts.isIdentifier(node) && !ts.isPropertyAccessExpression(node.parent)) {
      note(node, node.text);
    } else if (ts.isIdentifier(node) && (node.parent as ts.PropertyAccessExpression).expression === node) {
      note(node, node.text);
    }
    ts.forEachChild(node, visit);
  }
  visit(source);
  return found;
}

/** Luck: never; but files that write to disk may draw names that no other process has. */
const LUCK = ['Math.random'];
const UNIQUE_NAMES = ['getRandomValues', 'randomUUID', 'randomBytes', 'randomInt'];
/** Clocks: the command line hands them to the rooms. */
const CLOCKS = ['Date', 'performance.now', 'hrtime'];
const APPROXIMATE = APPROXIMATE_MATH.map((name) => `Math.${name}`);

const TRAINED = [
  'numerics',
  'plan',
  'nn',
  'optim',
  'data',
  'train',
  'backend',
  'backend/reference',
  'backend/wasm',
  'backend/systolic',
  'hardware',
];

describe('src', () => {
  const sources = [...readSources('src')];
  const uses = (names: readonly string[], of: (file: string) => boolean) =>
    sources.filter(([file]) => of(file)).flatMap(([file, text]) => usesOf(file, text, new Set(names)));

  test('draws no luck from the machine', () => {
    expect(uses(LUCK, () => true)).toEqual([]);
    expect(uses(UNIQUE_NAMES, (file) => !touchesEnvironment(file))).toEqual([]);
  });

  test('reads the clock in the command line only', () => {
    expect(uses(CLOCKS, (file) => roomOf(file) !== 'cli')).toEqual([]);
  });

  test('trains without approximate functions, the float32 baseline apart', () => {
    const trained = (file: string) => TRAINED.includes(roomOf(file)) && !/(^|[/-])float[^/]*\.ts$/.test(file);
    expect(uses(APPROXIMATE, trained)).toEqual([]);
  });
});

describe('AssemblyScript kernels', () => {
  test('draw no luck and call no approximate function', () => {
    const names = new Set([
      ...LUCK,
      ...CLOCKS,
      ...APPROXIMATE,
      ...APPROXIMATE.map((name) => name.replace('Math', 'Mathf')),
    ]);
    expect([...readSources('assembly')].flatMap(([file, text]) => usesOf(file, text, names))).toEqual([]);
  });
});

describe('the reader', () => {
  test.each([
    ['const x = Math.random();', ['a.ts:1: Math.random']],
    ['\nreturn new Date().getTime();', ['a.ts:2: Date']],
    ['const now = Date.now;', ['a.ts:1: Date']],
    ['globalThis.crypto.getRandomValues(x);', ['a.ts:1: getRandomValues']],
    ['// Math.random and Date\nconst text = "Date"; x.y.update();', []],
  ])('%s', (text, found) => {
    expect(usesOf('a.ts', text, new Set([...LUCK, ...UNIQUE_NAMES, ...CLOCKS]))).toEqual(found);
  });
});
