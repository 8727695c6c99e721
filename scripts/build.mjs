// Builds the package: AssemblyScript kernels (skipped while up to date), then TypeScript into dist/.
//   node scripts/build.mjs             everything
//   node scripts/build.mjs --kernels   only the kernels and the two sources generated from them
// The binary is embedded as base64, so that the same code loads in Node and in a browser without fs or fetch.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const assembly = join(root, 'assembly');
const binary = join(root, 'build', 'kernels.wasm');
const room = join(root, 'src', 'backend', 'wasm');
const generated = { kernels: join(room, 'kernels.generated.ts'), layout: join(room, 'layout.generated.ts') };
const outputs = [binary, ...Object.values(generated)];

function upToDate() {
  if (!outputs.every((path) => existsSync(path))) return false;
  const sources = readdirSync(assembly, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(assembly, name));
  const scripts = ['build.mjs', 'compile.mjs'].map((name) => join(root, 'scripts', name));
  const newest = Math.max(...[...sources, ...scripts].map((path) => statSync(path).mtimeMs));
  return Math.min(...outputs.map((path) => statSync(path).mtimeMs)) > newest;
}

async function buildKernels() {
  if (upToDate()) return;
  // Loaded only here: the compiler is slow to load, and the kernels are mostly up to date.
  const { compileAssembly, KERNEL_OPTIONS } = await import('./compile.mjs');
  const debug = process.argv.includes('--names') ? ['--debug'] : [];
  const read = (name) => {
    const path = join(assembly, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  };
  const wasm = await compileAssembly('index.ts', read, [...KERNEL_OPTIONS, ...debug]).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
  mkdirSync(dirname(binary), { recursive: true });
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
  // npx marks the command as executable once only, when it links it: a rebuilt one would be refused.
  chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);
}

await buildKernels();
if (!process.argv.includes('--kernels')) buildTypeScript();
