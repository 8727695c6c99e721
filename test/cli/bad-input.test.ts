/** A fourth of the cases of bad input, of all kinds (bad-input.ts). */
import { describe, expect, it } from 'vitest';
import { CASES, folder, testRefusals } from './bad-input.js';
import { cli } from './support.js';

describe('bad input is refused in one line, and nothing is written', () => {
  testRefusals(CASES.filter((_, index) => index % 4 === 0));

  it('shows a stack with --debug only', async () => {
    const plain = await cli(['convert', 'pi', '--format', '2.14'], { cwd: folder });
    expect(plain.stderr).not.toContain('    at ');
    const debug = await cli(['convert', 'pi', '--format', '2.14', '--debug'], { cwd: folder });
    expect(debug.stderr).toContain('    at ');
    expect(debug.code).toBe(2);
  });
});
