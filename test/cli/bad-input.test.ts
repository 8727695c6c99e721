/** A fourth of the cases of bad input, of all kinds (bad-input.ts). */
import { describe, expect, it } from 'vitest';
import { CASES, folder, testRefusals } from './bad-input.js';
import { cli } from './support.js';

describe('bad input is refused in one line, and nothing is written', () => {
  let before: Record<string, string>;
  beforeAll(() => {
    before = snapshot();
  });

  it.concurrent.each(CASES.map(([name, args, message, env], index) => ({ name, args, message, env, index })))(
    '$name',
    async ({ args, message, env, index }) => {
      // The cases run side by side; each has a separate folder that must not be created.
      const out = `new-${index}`;
      const typed = args.map((arg) => (arg === 'new' ? out : arg));
      const { code, stdout, stderr } = await cli(typed, { cwd: folder, ...(env ? { env } : {}) });
      expect(stderr.split('\n')).toHaveLength(2);
      expect(stderr.trimEnd().replace(/^error: /, '')).toMatch(message);
      expect(stdout).toBe('');
      expect(code).toBe(2);
      expect(existsSync(at(out))).toBe(false);
    },
  );

  it('every file is what it was before', () => {
    expect(snapshot()).toEqual(before);
  });

  it('shows a stack with --debug only', async () => {
    const plain = await cli(['convert', 'pi', '--format', '2.14'], { cwd: folder });
    expect(plain.stderr).not.toContain('    at ');
    const debug = await cli(['convert', 'pi', '--format', '2.14', '--debug'], { cwd: folder });
    expect(debug.stderr).toContain('    at ');
    expect(debug.code).toBe(2);
  });
});
