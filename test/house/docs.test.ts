/**
 * The documents keep up with the code: links lead somewhere, files that they name exist, the README's programs
 * compile and run, and the command lines that they show have commands and options that exist. And they are written in
 * plain English: wording.ts lists the phrases to avoid.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anchors, codeBlocks, commandLines, links, repositoryPaths } from './markdown.js';
import { readSources, ROOT } from './sources.js';
import { matches } from './walls.js';
import { comments, habits, habitsOfDocument, texts } from './wording.js';

const documents = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  .concat(readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`))
  .concat(readdirSync(join(ROOT, 'examples'), { recursive: true }).map((name) => `examples/${String(name)}`))
  .filter((path) => path.endsWith('.md'));

/** Files that name the phrases to avoid. */
const PLANTED = ['test/house/wording.ts', 'test/house/docs.test.ts'];

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Why a link leads nowhere, or nothing. Links to the world outside are not followed. */
function brokenLink(document: string, link: string): string | undefined {
  if (/^(https?|mailto):/.test(link)) return;
  const [path, anchor] = link.split('#') as [string, string?];
  const target = path === '' ? document : relative(ROOT, join(ROOT, dirname(document), path));
  if (!existsSync(join(ROOT, target))) return `${link}: no such file`;
  if (anchor !== undefined && !anchors(read(target)).includes(anchor)) return `${link}: no such heading`;
  return;
}

function pathExists(path: string): boolean {
  if (!path.includes('*')) return existsSync(join(ROOT, path));
  const folder = path.slice(0, path.slice(0, path.indexOf('*')).lastIndexOf('/'));
  if (!existsSync(join(ROOT, folder))) return false;
  const below = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return below.some((name) => matches(`${folder}/${name.replaceAll('\\', '/')}`, path));
}

describe.each(documents)('%s', (document) => {
  const text = read(document);

  test('has links that lead somewhere', () => {
    expect(
      links(text)
        .map((link) => brokenLink(document, link))
        .filter(Boolean),
    ).toEqual([]);
  });

  test('names files that exist', () => {
    expect(repositoryPaths(text).filter((path) => !pathExists(path))).toEqual([]);
  });
});

test('comments in the code name documents, and sections of them, that exist', () => {
  const pattern = /\b(docs\/[\w-]+\.md)(?:,[\s*/]+section[\s*/]+"([^"]+)")?/g;
  const missing = ['src', 'assembly', 'bench', 'test'].flatMap((folder) =>
    [...readSources(folder)]
      .filter(([file]) => !file.startsWith('house/'))
      .flatMap(([file, text]) =>
        [...text.matchAll(pattern)]
          .map((match) => ({ document: match[1]!, section: match[2]?.replace(/[\s*/]+/g, ' ') }))
          .filter(({ document, section }) => {
            if (!documents.includes(document)) return true;
            return section !== undefined && !anchors(read(document)).includes(anchors(`# ${section}`)[0]!);
          })
          .map(({ document, section }) => `${folder}/${file}: ${document}, section ${section ?? 'any'}`),
      ),
  );
  expect(missing).toEqual([]);
});

test.each(documents)('%s avoids phrases that read like a translation', (document) => {
  expect(habitsOfDocument(read(document))).toEqual([]);
});

test.each(['comments', 'texts'] as const)(
  '%s in the code avoid phrases that read like a translation',
  (kind) => {
    const prose = kind === 'comments' ? comments : texts;
    const found = ['src', 'assembly', 'bench', 'test', 'scripts'].flatMap((folder) =>
      [...readSources(folder)]
        .map(([file, source]) => [`${folder}/${file}`, source] as const)
        .filter(([path]) => !PLANTED.includes(path) && !path.endsWith('.generated.ts'))
        .flatMap(([path, source]) =>
          prose(source)
            .flatMap(habits)
            .map((habit) => `${path}: ${habit}`),
        ),
    );
    expect(found).toEqual([]);
  },
);

test('phrases that read like a translation are found in prose and not in code', () => {
  const phrases = (found: string[]) => found.map((habit) => /^"([^"]*)"/.exec(habit)![1]);
  const document =
    '# Some 12 runs\n\nIt goes\non where there\nis room, `one after the other`; [x](anew.md).\n\n```\nnobody\n```\n';
  expect(phrases(habitsOfDocument(document))).toEqual(['where there', 'Some 12', 'goes on']);
  expect(phrases(habitsOfDocument('- a line\n- a run\n\nWhere it stopped, 3 ms a step. Something.'))).toEqual(
    [],
  );
  const source =
    "/** A row\n * a run. */\nconst anew = 'nobody is told'; // made anew\n// which\n// goes on\n";
  expect(
    comments(source)
      .flatMap(habits)
      .map((habit) => /^"([^"]*)"/.exec(habit)![1]),
  ).toEqual(['A row a run', 'anew', 'goes on']);
  expect(phrases(texts(source).flatMap(habits))).toEqual(['nobody', 'told']);
});

test('the links and paths of a document are seen', () => {
  const text =
    '# A *b* (c)!\n[x](docs/none.md) and `src/none.ts`, https://x.org/src/a\n```sh\n[no](link)\n```\n';
  expect(links(text).map((link) => brokenLink('README.md', link))).toEqual(['docs/none.md: no such file']);
  expect(brokenLink('README.md', 'README.md#no-such-heading')).toBe(
    'README.md#no-such-heading: no such heading',
  );
  expect(repositoryPaths(text)).toEqual(['docs/none.md', 'src/none.ts']);
  expect(anchors(text)).toEqual(['a-b-c']);
});

/** What the built command prints as the help of a command. */
function help(command: readonly string[]): { status: number | null; text: string } {
  const main = join(ROOT, 'dist/cli/main.js');
  const { status, stdout } = spawnSync(process.execPath, [main, ...command, '--help'], { encoding: 'utf8' });
  return { status, text: stdout };
}

test('command lines in the documents use commands and options that exist', () => {
  const lines = documents.flatMap((document) => commandLines(read(document)));
  expect(lines.length).toBeGreaterThan(0);
  const helps = new Map<string, string>();
  const unknown = lines.flatMap((words) => {
    const isGroup = ['data', 'hardware', 'runs', 'study'].includes(words[0] ?? '');
    const command = words.slice(0, isGroup ? 2 : 1);
    const name = command.join(' ');
    if (!helps.has(name)) helps.set(name, help(command).text);
    return words
      .filter((word) => /^--\w/.test(word))
      .map((word) => word.split('=')[0]!)
      .filter((option) => !new RegExp(`${option}\\b`).test(helps.get(name)!))
      .map((option) => `fewbit ${name}: ${option}`)
      .concat(helps.get(name)!.startsWith(`Usage: fewbit ${name}`) ? [] : [`fewbit ${name}`]);
  });
  expect([...new Set(unknown)]).toEqual([]);
  // A process for every command: about twenty processes.
}, 240_000);

test('the README shows the two commands, and the scripts that it names exist', () => {
  const readme = read('README.md');
  expect(readme).toContain('npm ci && npm start');
  expect(readme).toContain('npm ci && npm test');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = documents
    .flatMap((document) => [...read(document).matchAll(/npm run ([\w:-]+)/g)])
    .map((m) => m[1]!);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

describe("the README's programs", () => {
  const programs = codeBlocks(read('README.md')).filter(({ code }) => code.includes("from 'fewbit"));
  /** A user's project, with fewbit and Node's types among its packages. */
  let project: string;
  let errors: string[];

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'fewbit-readme-'));
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    symlinkSync(ROOT, join(project, 'node_modules/fewbit'));
    symlinkSync(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
    writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
    programs.forEach(({ code }, index) => writeFileSync(join(project, `program${index}.ts`), code));
    const files = programs.map((_, index) => join(project, `program${index}.ts`));
    const program = ts.createProgram(files, {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(project, 'node_modules/@types')],
    });
    errors = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
    program.emit();
  });
  afterAll(() => rmSync(project, { recursive: true, force: true }));

  test('exist, one of them of 15 lines or fewer', () => {
    const sizes = programs.map(({ code }) => code.split('\n').filter((line) => line.trim() !== '').length);
    expect(Math.min(...sizes)).toBeLessThanOrEqual(15);
  });

  test('compile', () => {
    expect(errors).toEqual([]);
  });

  test.each(programs.map((_, index) => index))('number %i runs', (index) => {
    const { status, stderr } = spawnSync(process.execPath, [`program${index}.js`], {
      cwd: project,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  });
});
