/** What scripts/compile.mjs exports, without the compiler's own types: they bring AssemblyScript's globals along. */
export const KERNEL_OPTIONS: readonly string[];
export function compileAssembly(
  entry: string,
  readSource: (name: string) => string | null,
  options: readonly string[],
): Promise<Uint8Array<ArrayBuffer>>;
