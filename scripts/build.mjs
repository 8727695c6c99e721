// Builds the package: AssemblyScript kernels (skipped while up to date), then TypeScript into dist/.
//   node scripts/build.mjs             everything
//   node scripts/build.mjs --kernels   only the kernels and the two sources generated from them
// The binary is embedded as base64, so that the same code loads in Node and in a browser without fs or fetch.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const assembly = join(root, 'assembly');
const binary = join(root, 'build', 'kernels.wasm');
const room = join(root, 'src', 'backend', 'wasm');
const generated = { kernels: join(room, 'kernels.generated.ts'), layout: join(room, 'layout.generated.ts') };
const outputs = [binary, ...Object.values(generated)];

/**
 * AssemblyScript inlines on request only through a decorator, which no TypeScript formatter parses on a function.
 * So a doc comment whose last word is `@inline` asks for it, and becomes the decorator on the way to the compiler.
 */
export function inlineTags(source) {
  return source.replace(/@inline\s*\*\/\s*\n(?=(export )?function )/g, '*/ @inline\n');
}

function upToDate() {
  if (!outputs.every((path) => existsSync(path))) return false;
  const sources = readdirSync(assembly).map((name) => join(assembly, name));
  const newest = Math.max(
    ...[...sources, fileURLToPath(import.meta.url)].map((path) => statSync(path).mtimeMs),
  );
  return Math.min(...outputs.map((path) => statSync(path).mtimeMs)) > newest;
}

async function buildKernels() {
  if (upToDate()) return;
  const { default: asc } = await import('assemblyscript/asc');
  mkdirSync(dirname(binary), { recursive: true });
  const options = [
    'index.ts',
    ...['--outFile', 'kernels.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
    ...['--enable', 'simd', '--enable', 'threads', '--enable', 'bulk-memory'],
    ...[
      '--importMemory',
      '--sharedMemory',
      '--initialMemory',
      '1',
      '--maximumMemory',
      '65536',
      '--noExportMemory',
    ],
  ];
  if (process.argv.includes('--names')) options.push('--debug');
  let wasm;
  const { error, stderr } = await asc.main(options, {
    readFile(name) {
      const path = join(assembly, name);
      return existsSync(path) ? inlineTags(readFileSync(path, 'utf8')) : null;
    },
    writeFile(name, contents) {
      if (name === 'kernels.wasm') wasm = contents;
    },
    listFiles: () => [],
  });
  if (error || !wasm) {
    console.error(stderr.toString());
    process.exit(1);
  }
  const note = '// Written by scripts/build.mjs from assembly/. Do not edit.\n';
  writeFileSync(binary, wasm);
  writeFileSync(generated.layout, note + readFileSync(join(assembly, 'layout.ts'), 'utf8'));
  const text = Buffer.from(wasm).toString('base64');
  writeFileSync(
    generated.kernels,
    `${note}/** The kernel module, base64. */\nexport const KERNELS =\n  '${text}';\n`,
  );
  console.log(`kernels: ${String(wasm.length)} bytes`);
}

function buildTypeScript() {
  // What was deleted in src must not stay in dist, nor be packed.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', root], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

await buildKernels();
if (!process.argv.includes('--kernels')) buildTypeScript();
