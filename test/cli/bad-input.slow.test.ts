/** The other cases of bad input (bad-input.ts). */
import { describe } from 'vitest';
import { CASES, testRefusals } from './bad-input.js';

describe('bad input is refused in one line, and nothing is written', () => {
  testRefusals(CASES.filter((_, index) => index % 4 !== 0));
});
