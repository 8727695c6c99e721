/** What npm publishes: the tarball holds the built library and its documents and nothing else. */
import { statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pack } from './packed.js';
import { readSources } from './sources.js';

/** A library of this size that suddenly grows has swallowed something that is not its own. */
const MAX_TARBALL_BYTES = 1_000_000;

const { tarball, files } = pack();

describe('the tarball', () => {
  test('holds every built file, and none without a source', () => {
    const expected = [...readSources('src').keys()].flatMap((path) => {
      const stem = `dist/${path.replace(/\.(ts|js)$/, '')}`;
      return [`${stem}.js`, `${stem}.d.ts`];
    });
    expect(files.filter((path) => path.startsWith('dist/')).sort()).toEqual(expected.sort());
  });

  test('holds the documents, and nothing else', () => {
    const others = files.filter(
      (path) => !/^(dist|examples)\//.test(path) && !/^docs\/([\w-]+\/)?[\w-]+\.(md|svg|png)$/.test(path),
    );
    expect(others.sort()).toEqual([
      'ARCHITECTURE.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(files).toContain('docs/numerics.md');
    expect(files).toContain('examples/README.md');
  });

  test(`is below ${MAX_TARBALL_BYTES / 1000} kB`, () => {
    expect(statSync(tarball).size).toBeLessThan(MAX_TARBALL_BYTES);
  });
});
