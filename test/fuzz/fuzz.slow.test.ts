/** The fuzzers, for a fixed number of cases each: `npm run fuzz` runs them for minutes. */
import { expect, test } from 'vitest';
import { prepare, runCase } from './case.js';
import { TARGETS } from './targets.js';

/** A case of the command line is a process. */
const CASES = { default: 400, run: 60, arguments: 12 };

test.each(TARGETS.map((target) => [target.name, target] as const))(
  '%s: no damaged input crashes it or changes it silently',
  async (name, target) => {
    const prepared = await prepare(target);
    const kinds = new Set<string>();
    for (let index = 0; index < (CASES[name as keyof typeof CASES] ?? CASES.default); index++) {
      const { kind, detail } = await runCase(prepared, 1, index);
      expect(kind === 'crash' || kind === 'silent' ? `${kind} in case ${index}: ${detail ?? ''}` : '').toBe(
        '',
      );
      kinds.add(kind);
    }
    // The mutations reach the checks, and the program is not asked the same all the time.
    expect(kinds.size).toBeGreaterThan(0);
  },
  300_000,
);
