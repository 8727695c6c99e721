/** What scripts/build.mjs writes: the layout that both languages read, and the embedded module. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KERNELS } from '../../src/backend/wasm/kernels.generated.js';
import * as layout from '../../src/backend/wasm/layout.generated.js';

function file(path: string): Buffer {
  return readFileSync(new URL(`../../${path}`, import.meta.url));
}

test('the embedded module is the compiled one, and exports runs alone', async () => {
  const bytes = file('build/kernels.wasm');
  expect(KERNELS).toBe(bytes.toString('base64'));
  const module = await WebAssembly.compile(new Uint8Array(bytes));
  expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toEqual(['resume', 'run', 'work']);
  expect(WebAssembly.Module.imports(module).map(({ name }) => name)).toEqual(['memory']);
});

test('the layout is the kernels own: constants only', () => {
  const source = file('assembly/layout.ts').toString();
  expect(file('src/backend/wasm/layout.generated.ts').toString().endsWith(source)).toBe(true);
  expect(source.match(/^export /gm)?.length).toBe(Object.keys(layout).length);
});
