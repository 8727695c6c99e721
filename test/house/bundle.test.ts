/**
 * The library runs in a browser: a Vite bundle of `fewbit`, `fewbit/nn`, `fewbit/numerics` and `fewbit/train`
 * holds nothing of Node, and trains in headless Chromium to the same digest as in Node, with threads if the
 * page is cross-origin isolated and without threads otherwise.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { build, type Rolldown } from 'vite';
import { describe, expect, test } from 'vitest';
import { noBrowser, withPage } from '../support/browser.js';
import { userProject } from '../support/project.js';

/** What a bundler leaves of a module of Node: a stub that names it, or the import itself. Other texts may begin with `node:`. */
const OF_NODE =
  /__vite-browser-external|["'`]node:\w+["'`];throw Error\(|(?:from|import)\s*\(?\s*["'`]node:\w+/g;
const fixture = join(import.meta.dirname, 'bundle');
const project = userProject(fixture);

/** Builds an entry for the browser; gives all of its files and what in them belongs to Node. */
async function bundle(entry: string): Promise<{ files: string[]; ofNode: string[] }> {
  const warnings: string[] = [];
  const result = (await build({
    root: project,
    configFile: false,
    logLevel: 'silent',
    build: {
      outDir: 'dist',
      rolldownOptions: { input: join(project, entry), onLog: (_level, log) => warnings.push(log.message) },
    },
    worker: { format: 'es' },
  })) as Rolldown.RolldownOutput;
  const ofNode = warnings.filter((message) => message.includes('externalized for browser'));
  for (const file of result.output) {
    const text = file.type === 'chunk' ? file.code : String(file.source);
    for (const [found] of text.matchAll(OF_NODE)) {
      ofNode.push(`${file.fileName}: ${found}`);
    }
  }
  return { files: result.output.map((file) => file.fileName), ofNode };
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

async function serve(headers: Readonly<Record<string, string>>): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(project, 'dist', new URL(request.url!, 'http://page').pathname);
    if (!existsSync(path)) return response.writeHead(404).end();
    return response
      .writeHead(200, { ...headers, 'content-type': TYPES[extname(path)] ?? '' })
      .end(readFileSync(path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** What the page's runs gave: reference, wasm on one thread, on two, on as many as it can; and what it complained of. */
async function runPage(
  headers: Readonly<Record<string, string>>,
): Promise<{ outcomes: unknown; problems: string[] }> {
  const server = await serve(headers);
  try {
    return await withPage(async (page) => {
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'warning') problems.push(message.text());
      });
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`);
      await page.waitForFunction('globalThis.outcomes !== undefined');
      return { outcomes: await page.evaluate('globalThis.outcomes'), problems };
    });
  } finally {
    server.close();
  }
}

describe('a bundle for the browser', () => {
  test('holds nothing of Node', async () => {
    const { files, ofNode } = await bundle('index.html');
    expect(ofNode).toEqual([]);
    expect(files).toContain('index.html');
    expect(files.filter((file) => file.includes('worker'))).not.toEqual([]);
  });

  test('of all experiments but their folders holds nothing of Node', async () => {
    writeFileSync(
      join(project, 'experiments.js'),
      `import * as experiments from 'fewbit/experiment'; console.log(experiments);`,
    );
    const { ofNode } = await bundle('experiments.js');
    expect(ofNode).toEqual([]);
  });

  test('would be seen to hold something of Node', async () => {
    writeFileSync(
      join(project, 'files.js'),
      `import * as files from 'fewbit/data/node'; console.log(files);`,
    );
    const { ofNode } = await bundle('files.js');
    expect(ofNode).not.toEqual([]);
  });

  test('trains in Chromium to the digest of Node, with threads and without', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    await bundle('index.html');
    const expected: unknown = JSON.parse(
      execFileSync(process.execPath, [join(fixture, 'node.js')], { encoding: 'utf8' }),
    );
    expect(expected).toEqual({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), bits: 16 });
    const isolated = await runPage({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    expect(isolated).toEqual({ outcomes: [expected, expected, expected, expected], problems: [] });
    const plain = await runPage({});
    const refused = {
      error:
        'UnsupportedError: wasm: 2 threads need shared memory, which this page lacks; ' +
        'serve it cross-origin isolated, or use 1 thread',
    };
    const said =
      'wasm: runs on 1 thread, since this page lacks shared memory; serve it cross-origin isolated';
    expect(plain).toEqual({ outcomes: [expected, expected, refused, expected], problems: [said] });
  }, 120_000);
});
