/**
 * The walls between the rooms of src/ hold; and the checker does see each kind of violation, planted here one by
 * one into a small house that is in order.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOMS } from '../../architecture.js';
import { readSources, ROOT } from './sources.js';
import { brokenWalls, roomOf } from './walls.js';

const sources = readSources('src');

describe('src', () => {
  test('keeps every wall', () => {
    expect(brokenWalls(sources)).toEqual([]);
  });

  test('has no folder outside of the rooms', () => {
    const strays = [...sources.keys()].filter((file) => roomOf(file) === '.' && file !== 'index.ts');
    expect(strays).toEqual([]);
  });

  test('has arrows that go down only: the rooms themselves form no circle but backend and its backends', () => {
    const order = Object.keys(ROOMS);
    const upwards = order.flatMap((room, position) =>
      ROOMS[room]!.imports.filter((other) => order.indexOf(other) > position).map(
        (other) => `${room} -> ${other}`,
      ),
    );
    // select.ts names the backends, and they know contract.ts: no circle among files, which is checked above.
    expect(upwards).toEqual(['reference', 'wasm', 'systolic'].map((name) => `backend -> backend/${name}`));
  });
});

describe('packages at run time', () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };

  test('are those that a room may import', () => {
    const allowed = new Set(Object.values(ROOMS).flatMap((room) => room.packages));
    expect(Object.keys(dependencies).sort()).toEqual([...allowed].sort());
  });

  test('are each argued in ARCHITECTURE.md', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const argued = (name: string) => rows.some((row) => row.split('|')[1]!.includes(`\`${name}\``));
    expect(Object.keys(dependencies).filter((name) => !argued(name))).toEqual([]);
  });
});

describe('the checker', () => {
  const inOrder: [string, string][] = [
    ['numerics/index.ts', `export * from './format.js';`],
    ['numerics/format.ts', ``],
    ['plan/index.ts', `import type { Format } from '../numerics/index.js';`],
    ['backend/contract.ts', `import type { Plan } from '../plan/index.js';`],
    [
      'backend/select.ts',
      `import { a } from './reference/index.js'; const b = () => import('./wasm/index.js');`,
    ],
    ['backend/index.ts', `export * from './contract.js'; export * from './select.js';`],
    ['backend/reference/index.ts', `import type { Session } from '../contract.js';`],
    ['backend/wasm/index.ts', `import { startWorker } from '#wasm-host';`],
    ['backend/wasm/host-node.ts', `import { Worker } from 'node:worker_threads';`],
    ['backend/wasm/host-web.ts', `new Worker(new URL('./worker-web.js', import.meta.url));`],
    ['backend/wasm/worker-web.js', ``],
    ['data/index.ts', `export * from './errors.js';`],
    ['data/errors.ts', ``],
    ['data/node/index.ts', `import { DataError } from '../errors.js'; import tar from 'tar';`],
    ['cli/main.ts', `import { readFileSync } from 'fs'; import pc from 'picocolors';`],
    ['index.ts', `export * from './numerics/index.js';`],
  ];

  test('is silent about a house in order', () => {
    expect(brokenWalls(new Map(inOrder))).toEqual([]);
  });

  const planted: [rule: string, file: string, text: string, broken: string][] = [
    [
      'an arrow upwards',
      'numerics/format.ts',
      `import { plan } from '../plan/index.js';`,
      'numerics/format.ts: arrows: room numerics may import no room, got plan/index.ts',
    ],
    [
      'an arrow upwards in a type',
      'numerics/format.ts',
      `import type { Plan } from '../plan/index.js';`,
      'numerics/format.ts: arrows: room numerics may import no room, got plan/index.ts',
    ],
    [
      'an arrow upwards in an inline type',
      'numerics/format.ts',
      `export type P = import('../plan/index.js').Plan;`,
      'numerics/format.ts: arrows: room numerics may import no room, got plan/index.ts',
    ],
    [
      'a re-export across a wall',
      'plan/index.ts',
      `export * from '../backend/contract.js';`,
      'plan/index.ts: arrows: room plan may import only numerics, got backend/contract.ts',
    ],
    [
      'a back door',
      'plan/index.ts',
      `import { parseFormat } from '../numerics/format.js';`,
      'plan/index.ts: doors: room numerics is imported through index.ts, arguments.ts, got numerics/format.ts',
    ],
    [
      'a sibling backend',
      'backend/wasm/index.ts',
      `import { relu } from '../reference/index.js';`,
      'backend/wasm/index.ts: arrows: backends never import a sibling, got backend/reference/index.ts',
    ],
    [
      'a backend that knows its selector',
      'backend/wasm/index.ts',
      `import { selectBackend } from '../select.js';`,
      'backend/wasm/index.ts: backends: a backend knows only backend/contract.ts and backend/checks.ts of its room, got backend/select.ts',
    ],
    [
      'a concrete backend named elsewhere',
      'backend/index.ts',
      `export * from './wasm/index.js';`,
      'backend/index.ts: backends: only backend/select.ts names a concrete backend, got backend/wasm/index.ts',
    ],
    [
      'a room that knows its part for Node',
      'data/errors.ts',
      `import { cacheFolder } from './node/index.js';`,
      'data/errors.ts: arrows: room data may import only numerics, got data/node/index.ts',
    ],
    [
      'a module of Node in a pure room',
      'plan/index.ts',
      `import { readFileSync } from 'node:fs';`,
      'plan/index.ts: environment: "node:fs" stays in cli/**, data/node/**, experiment/store/**, ' +
        'backend/wasm/host-*.ts, backend/wasm/worker-*.js',
    ],
    [
      'a module of Node without its prefix',
      'backend/reference/index.ts',
      `const { availableParallelism } = await import('os');`,
      'backend/reference/index.ts: environment: "os" stays in cli/**, data/node/**, experiment/store/**, ' +
        'backend/wasm/host-*.ts, backend/wasm/worker-*.js',
    ],
    [
      'a package in a room that has none',
      'numerics/format.ts',
      `import { z } from 'zod/v4';`,
      'numerics/format.ts: packages: room numerics may import none, got "zod/v4"',
    ],
    [
      'a package of another room',
      'cli/main.ts',
      `import tar from 'tar';`,
      'cli/main.ts: packages: room cli may import only commander, picocolors, cli-table3, cli-progress, hyparquet-writer, zod, @resvg/resvg-wasm, @fontsource/dejavu-sans, got "tar"',
    ],
    [
      'the command line as a library',
      'index.ts',
      `export * from './cli/main.js';`,
      'index.ts: arrows: room . may import only numerics, plan, optim, nn, data, backend, train, got cli/main.ts',
    ],
    [
      'a worker file that is missing',
      'backend/wasm/host-web.ts',
      `new Worker(new URL('./worker.js', import.meta.url));`,
      'backend/wasm/host-web.ts: files: "./worker.js" does not exist',
    ],
    [
      'a circle among files',
      'numerics/format.ts',
      `import type { Wide } from './index.js';`,
      'cycles: files must not import each other in a circle, got ' +
        'numerics/index.ts -> numerics/format.ts -> numerics/index.ts',
    ],
  ];

  test.each(planted)('sees %s', (_rule, file, text, broken) => {
    const house = new Map(inOrder);
    expect(house.has(file)).toBe(true);
    expect(brokenWalls(house.set(file, text))).toContain(broken);
  });
});
