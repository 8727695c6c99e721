/** Generated hardware at work: Verilator builds it once for a design, and products go through it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  checkDesign,
  harnessArguments,
  harnessFolder,
  harnessRequest,
  harnessResults,
  type HarnessResult,
  type Pauses,
  type ProductStream,
  type RtlDesign,
} from '../../../hardware/index.js';
import { requireTools, runTool, ToolStopped } from './tools.js';

/**
 * Builds the hardware in a folder, or finds it there: sources, arguments and Verilator's version name the build.
 * @throws UsageError where Verilator or a compiler is missing
 */
export function buildHarness(design: RtlDesign, folder: string): RtlHarness {
  checkDesign(design);
  requireTools('verilator', 'make', 'g++');
  const sources = harnessFolder(design);
  const args = harnessArguments(design, 'build');
  const version = runTool('verilator', ['--version'], '.');
  const digest = createHash('sha256')
    .update(JSON.stringify([sources, args, version]))
    .digest('hex');
  const place = resolve(folder, digest.slice(0, 16));
  const program = join(place, 'build', 'harness');
  if (!existsSync(program)) {
    // Built beside and then renamed: a build that was interrupted is never taken for a whole one.
    const making = `${place}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    try {
      for (const { name, text } of sources) writeFileSync(join(making, name), text);
      runTool('verilator', args, making);
      rmSync(place, { recursive: true, force: true });
      renameSync(making, place);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
  }
  return new RtlHarness(design, program);
}

/** Hardware that takes products. */
export class RtlHarness {
  constructor(
    private readonly design: RtlDesign,
    private readonly program: string,
  ) {}

  /**
   * Lets products through, one right after the other.
   * @param pauses where given, the streams pause now and then
   * @throws Error where the hardware hangs
   */
  run(streams: readonly ProductStream[], pauses?: Pauses): HarnessResult[] {
    const input = Buffer.concat(
      streams.map((stream) => {
        const { buffer, byteOffset, byteLength } = harnessRequest(stream, this.design, pauses);
        return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
      }),
    );
    const { status, signal, stdout, stderr } = spawnSync(this.program, { input, maxBuffer: 2 ** 31 - 1 });
    if (signal !== null) throw new ToolStopped('harness', signal);
    if (status !== 0)
      throw new Error(`harness: failed with exit code ${status}: ${stderr.toString().trim()}`);
    const bytes = Uint8Array.from(stdout);
    return harnessResults(new Uint32Array(bytes.buffer, 0, bytes.length >> 2), streams, this.design);
  }
}
