/** Programs for hardware that Fewbit calls but does not bring along: where one is missing, its Debian package is named. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { UsageError } from '../../console/errors.js';

/** Debian packages by program. */
const PACKAGES = {
  verilator: 'verilator',
  make: 'make',
  'g++': 'g++',
  iverilog: 'iverilog',
  vvp: 'iverilog',
  yosys: 'yosys',
  'nextpnr-ice40': 'nextpnr-ice40',
} as const;

/** A program that may be called. */
export type Tool = keyof typeof PACKAGES;

function spawn(tool: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(tool, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 30 });
}

/** Why the program cannot be used, with the package to install; null if it can. */
export function missingTool(tool: Tool): string | null {
  // Icarus has another name for it.
  const { error } = spawn(
    tool,
    [tool === 'vvp' || tool === 'iverilog' || tool === 'yosys' ? '-V' : '--version'],
    '.',
  );
  return error ? `${tool}: is not installed; apt-get install ${PACKAGES[tool]}` : null;
}

/** @throws UsageError for the first program that is missing */
export function requireTools(...tools: readonly Tool[]): void {
  for (const tool of tools) {
    const reason = missingTool(tool);
    if (reason !== null) throw new UsageError(reason);
  }
}

/**
 * Runs a program in a folder and returns what it prints. @throws Error with the end of its errors if it fails
 */
export function runTool(tool: Tool, args: readonly string[], cwd: string): string {
  const { status, signal, stdout, stderr } = spawn(tool, args, cwd);
  if (status === 0) return stdout;
  if (signal !== null) throw new ToolStopped(tool, signal);
  throw new Error(
    `${tool}: failed with exit code ${status} in ${cwd}: ${stderr.trim().split('\n').slice(0, 5).join('; ')}`,
  );
}

/** A program was stopped by a signal, most likely by the Ctrl-C that we are getting too. */
export class ToolStopped extends Error {
  override readonly name = 'ToolStopped';

  constructor(tool: string, signal: string) {
    super(`${tool}: was stopped by ${signal}; start again`);
  }
}

/** Work that calls programs. Ctrl-C stops them at once, but our own handler has its turn only when they are gone. */
export async function stoppable<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolStopped) await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    throw error;
  }
}
