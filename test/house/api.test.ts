/**
 * What the package gives its users: the exported names of every entry, held in a file that a change must show, and
 * a docstring on each of them.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { ROOT } from './sources.js';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** Source file of each entry: `fewbit/nn` is built from src/nn/index.ts. */
function entries(): Map<string, string> {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  return new Map(
    Object.entries(manifest.exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [
            [
              `fewbit${path.slice(1)}`,
              join(ROOT, target.types.replace('./dist/', 'src/').replace('.d.ts', '.ts')),
            ],
          ],
    ),
  );
}

function openProgram(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return ts.createProgram([...files], { ...options, noEmit: true });
}

const KINDS: readonly [ts.SymbolFlags, string][] = [
  [ts.SymbolFlags.Class, 'class'],
  [ts.SymbolFlags.Function, 'function'],
  [ts.SymbolFlags.Variable, 'const'],
  [ts.SymbolFlags.Interface, 'interface'],
  [ts.SymbolFlags.TypeAlias, 'type'],
];

const modules = entries();
const program = openProgram([...modules.values()]);
const checker = program.getTypeChecker();

interface Export {
  readonly name: string;
  readonly kind: string;
  readonly symbol: ts.Symbol;
}

function exportsOf(file: string): Export[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return checker
    .getExportsOfModule(module)
    .map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const kind = KINDS.find(([flag]) => symbol.flags & flag)?.[1] ?? 'unknown';
      return { name: exported.name, kind, symbol };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function undocumented({ name, symbol }: Export): string[] {
  const missing = symbol.getDocumentationComment(checker).length === 0 ? [name] : [];
  for (const member of symbol.flags & ts.SymbolFlags.Class ? (symbol.members?.values() ?? []) : []) {
    const method = member.declarations?.find((declaration) => ts.isMethodDeclaration(declaration));
    if (!method || ts.isPrivateIdentifier(method.name)) continue;
    if (ts.getCombinedModifierFlags(method) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected))
      continue;
    // Documentation of the interface that the class implements counts.
    if (member.getDocumentationComment(checker).length === 0) missing.push(`${name}.${member.name}`);
  }
  return missing.map(
    (path) => `${path} (${relative(ROOT, symbol.declarations![0]!.getSourceFile().fileName)})`,
  );
}

test.each([...modules])('%s exports the names of its snapshot and no other', async (entry, file) => {
  const lines = exportsOf(file).map(({ name, kind }) => `${kind} ${name}\n`);
  expect(lines.length).toBeGreaterThan(0);
  await expect(lines.join('')).toMatchFileSnapshot(`api/${entry.replaceAll('/', '.')}.snapshot.txt`);
});

test('every exported name has a docstring, and every public method of an exported class', () => {
  const missing = [...modules.values()].flatMap(exportsOf).flatMap(undocumented);
  expect([...new Set(missing)]).toEqual([]);
});
