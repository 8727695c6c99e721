/** One conversion shown in full. */
import { describe, expect, it } from 'vitest';
import { binaryText, describeConversion, parseFormat } from '../../src/numerics/index.js';

describe('describeConversion', () => {
  it('gives raw, value, error and bits', () => {
    expect(describeConversion(0.1234, '2.14', 'nearest')).toEqual({
      raw: 2022,
      value: 2022 / 16384,
      error: 2022 / 16384 - 0.1234,
      binary: '0 0.0001 1111 1001 10',
    });
    expect(describeConversion(0.1234, '2.14', 'stochastic', { word: 0, width: 16 }).raw).toBe(2021);
  });

  it('shows saturation as an error', () => {
    const { raw, value, error } = describeConversion(7, '2.6', 'floor');
    expect([raw, value, error]).toEqual([127, 127 / 64, 127 / 64 - 7]);
  });
});

describe('binaryText', () => {
  it.each([
    [-1, '<4,4>', '1 111.1111'],
    [-128, '<4,4>', '1 000.0000'],
    [19, '<1,7>', '0 .0010 011'],
    [19, '<8,0>', '0 0010011'],
    [-(2 ** 31), '<32,0>', '1 0000000000000000000000000000000'],
    [2 ** 31 - 1, '<4,28>', '0 111.1111 1111 1111 1111 1111 1111 1111'],
    [26, '<-12,20>', '0 0011010 * 2^-20'],
    [-2, '<10,-2>', '1 1111110 * 2^2'],
    [1, '<0,8>', '0 0000001 * 2^-8'],
  ])('shows %d of %s', (raw, format, text) => {
    expect(binaryText(raw, parseFormat(format))).toBe(text);
  });
});
