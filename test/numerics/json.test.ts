import { expect, test } from 'vitest';
import { checkDepth, InputTypeError, parseJson, shownText } from '../../src/numerics/index.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('JSON is read up to 200 levels of lists and objects; brackets in strings are none', () => {
  expect(parseJson(`{"a":"${'['.repeat(300)}\\"[","b":[1,{"c":null}]}`)).toEqual({
    a: `${'['.repeat(300)}"[`,
    b: [1, { c: null }],
  });
  expect(parseJson(nested(200))).toHaveLength(1);
  for (const levels of [201, 1_000_000]) {
    expect(() => parseJson(nested(levels))).toThrow(
      new SyntaxError('lists and objects are nested deeper than 200 levels in JSON at position 200'),
    );
  }
  expect(() => parseJson('"open')).toThrow(SyntaxError);
});

test('a value of a caller has the same limit, also if it contains itself', () => {
  const circle: unknown[] = [];
  circle.push({ circle });
  expect(() => checkDepth('network', circle)).toThrow(InputTypeError);
  expect(() => checkDepth('network', circle)).toThrow(
    /^network: lists and objects must be nested at most 200 /,
  );
  expect(() => checkDepth('network', parseJson(nested(200)))).not.toThrow();
});

test('every value has a text for errors, and no long one', () => {
  expect([undefined, null, 'a', 1n, [1], Symbol('s'), [1n]].map(shownText)).toEqual([
    'nothing',
    'null',
    '"a"',
    '1n',
    '[1]',
    'a symbol',
    'an array',
  ]);
  expect(shownText('x'.repeat(1 << 20))).toHaveLength(203);
});
