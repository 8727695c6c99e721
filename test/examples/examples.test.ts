/**
 * The programs in examples/, each run by the commands of its README in a separate project. They print what
 * the README shows, to the digit. The page is built, served with the headers of its configuration, and opened
 * in Chromium.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, preview } from 'vite';
import { expect, test } from 'vitest';
import { codeBlocks, links } from '../house/markdown.js';
import { ROOT } from '../house/sources.js';
import { noBrowser, withPage } from '../support/browser.js';
import { noCompiler } from '../support/compiler.js';
import { userProject } from '../support/project.js';

const examples = join(ROOT, 'examples');

/** The commands in the README of an example, and their output there. */
function shown(name: string): { commands: string; output: string } {
  const blocks = codeBlocks(readFileSync(join(examples, name, 'README.md'), 'utf8'));
  return {
    commands: blocks.find(({ language }) => language === 'sh')!.code,
    output: blocks.find(({ language }) => language === '')!.code,
  };
}

test('the README lists all of them', () => {
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(links(readFileSync(join(examples, 'README.md'), 'utf8')).sort()).toEqual(
    folders.map(({ name }) => `${name}/README.md`).sort(),
  );
});

/** Expects of the commands of an example that they print the output in its README. */
function expectOutput(name: string): void {
  const { commands, output } = shown(name);
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', commands], {
    cwd: userProject(join(examples, name)),
    encoding: 'utf8',
  });
  expect([status, stderr, stdout]).toEqual([0, '', output]);
}

test.each(['own-csv', 'own-iterator', 'early-stopping'])('%s prints what its README shows', expectOutput);

test('call-from-c prints what its README shows', (context) => {
  context.skip(noCompiler !== undefined, noCompiler);
  expectOutput('call-from-c');
});

test('browser-worker shows what its README shows', async (context) => {
  context.skip(noBrowser !== undefined, noBrowser);
  const root = userProject(join(examples, 'browser-worker'));
  await build({ root, logLevel: 'silent' });
  const server = await preview({ root, logLevel: 'silent', preview: { host: '127.0.0.1', port: 0 } });
  try {
    const text = await withPage(async (page) => {
      await page.goto(server.resolvedUrls!.local[0]!);
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      await page.click('button');
      await page.waitForFunction(`document.querySelector('progress').value === 1`);
      return await page.textContent('pre');
    });
    expect(text).toBe(shown('browser-worker').output);
  } finally {
    await server.close();
  }
});
