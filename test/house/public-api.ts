/** The public interface as the compiler sees it: the exported names of every entry, and the functions among them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './sources.js';

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

/** Source file of each entry: `fewbit/nn` is built from src/nn/index.ts. */
export function entries(): Map<string, string> {
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

/** A program of these files with the options of the package. */
export function openProgram(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  return ts.createProgram([...files], { ...options, noEmit: true });
}

/** What `export *` and aliases of a file finally name. */
export function exportsOf(
  program: ts.Program,
  file: string,
): { readonly name: string; readonly symbol: ts.Symbol }[] {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return checker
    .getExportsOfModule(module)
    .map((exported) => ({
      name: exported.name,
      symbol: exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A function that a caller of the package can reach. */
export interface PublicFunction {
  /** `fewbit`, `fewbit/plan` ... */
  readonly entry: string;
  /** `convert`, `new Evaluation`, `Network.load`, `Network#fit`, `zoo.lenet`. */
  readonly name: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly type: string;
    readonly isOptions: boolean;
  }[];
}

/** True for what only carries options, by its name or that of its type. Records such as a RunConfiguration are data. */
function isOptions(name: string, type: string): boolean {
  return name === 'options' || /(Options|StoppingConfiguration)\b|^NetworkConfiguration$/.test(type);
}

/** Every function, constructor, static function and method of the entries; a function in several entries counts for the first. */
export function publicFunctions(program: ts.Program, modules: ReadonlyMap<string, string>): PublicFunction[] {
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Symbol>();
  const found: PublicFunction[] = [];
  const add = (entry: string, name: string, signatures: readonly ts.Signature[]): void => {
    // Overloads differ in their types alone.
    const signature = signatures.at(-1);
    const declaration = signature?.declaration;
    if (!signature || (declaration && isHidden(declaration))) return;
    const parameters = signature.parameters.map((parameter) => {
      const type = checker.typeToString(checker.getTypeOfSymbol(parameter));
      return { name: parameter.name, type, isOptions: isOptions(parameter.name, type) };
    });
    found.push({ entry, name, parameters });
  };
  for (const [entry, file] of modules) {
    for (const { name, symbol } of exportsOf(program, file)) {
      const declaration = symbol.valueDeclaration;
      if (seen.has(symbol) || !declaration) continue;
      seen.add(symbol);
      const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
      add(entry, name, type.getCallSignatures());
      add(entry, `new ${name}`, type.getConstructSignatures());
      if (type.getCallSignatures().length > 0) continue;
      const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
      if (isClass || /^Readonly<Record<|^\{/.test(checker.typeToString(type))) {
        for (const member of type.getProperties()) {
          const place = member.valueDeclaration ?? declaration;
          add(
            entry,
            `${name}.${member.name}`,
            checker.getTypeOfSymbolAtLocation(member, place).getCallSignatures(),
          );
        }
      }
      if (!isClass) continue;
      for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
        const calls = checker.getTypeOfSymbolAtLocation(member, declaration).getCallSignatures();
        add(entry, `${name}#${member.name}`, calls);
      }
    }
  }
  return found;
}

function isHidden(declaration: ts.Node): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (ts.isClassElement(declaration) && declaration.name && ts.isPrivateIdentifier(declaration.name))
    return true;
  const isMember = ts.isClassElement(declaration) || ts.isConstructorDeclaration(declaration);
  return isMember && (ts.getCombinedModifierFlags(declaration) & hidden) !== 0;
}
