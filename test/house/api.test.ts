/**
 * What the package gives its users: the exported names of every entry, held in a file that a change must show, and
 * a docstring on each of them.
 */
import { relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { entries, exportsOf, openProgram } from './public-api.js';
import { ROOT } from './sources.js';

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
  readonly symbol: ts.Symbol;
}

function kindOf({ symbol }: Export): string {
  return KINDS.find(([flag]) => symbol.flags & flag)?.[1] ?? 'unknown';
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
  const lines = exportsOf(program, file).map((one) => `${kindOf(one)} ${one.name}\n`);
  expect(lines.length).toBeGreaterThan(0);
  await expect(lines.join('')).toMatchFileSnapshot(`api/${entry.replaceAll('/', '.')}.snapshot.txt`);
});

test('every exported name has a docstring, and every public method of an exported class', () => {
  const missing = [...modules.values()].flatMap((file) => exportsOf(program, file)).flatMap(undocumented);
  expect([...new Set(missing)]).toEqual([]);
});
