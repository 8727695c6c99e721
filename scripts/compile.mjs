// Compiles AssemblyScript to WebAssembly with SIMD: the kernels, and what the benchmarks compare them with.
import asc from 'assemblyscript/asc';

/** Shared linear memory, provided by the instantiating program. */
export const KERNEL_OPTIONS = [
  ...['--enable', 'threads', '--enable', 'bulk-memory', '--importMemory', '--sharedMemory'],
  ...['--initialMemory', '1', '--maximumMemory', '65536', '--noExportMemory'],
];

/**
 * AssemblyScript inlines on request only through a decorator, which no TypeScript formatter parses on a function.
 * So a doc comment whose last word is `@inline` asks for it, and becomes the decorator on the way to the compiler.
 */
function inlineTags(source) {
  return source.replace(/@inline\s*\*\/\s*\n(?=(export )?function )/g, '*/ @inline\n');
}

/** The module of source file `entry`; `readSource` gives a file's text by name, or null if there is none. */
export async function compileAssembly(entry, readSource, options) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      ...[entry, '--outFile', 'module.wasm', '-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
      ...['--enable', 'simd', ...options],
    ],
    {
      readFile(name) {
        const source = readSource(name);
        return source === null ? null : inlineTags(source);
      },
      writeFile(name, contents) {
        if (name === 'module.wasm') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(stderr.toString());
  return binary;
}
