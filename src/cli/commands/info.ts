/** `fewbit info`: versions, and what this machine can do. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { BACKEND_NAMES, wasmInfo } from '../../backend/index.js';
import { cacheFolder } from '../../data/node/index.js';
import { defineCommand } from '../options/define-command.js';
import { EXIT } from '../console/errors.js';
import { tableText } from '../console/table.js';
import { sizeText } from '../console/terminal.js';
import { packageVersion } from '../options/version.js';

const EXAMPLES = `
Examples:
  $ fewbit info
  $ fewbit info --json`;

export const infoCommand = defineCommand({
  name: 'info',
  summary: 'versions, backends, threads',
  description:
    'Prints versions and what this machine can do: backends, threads, SIMD, shared memory, cache folder.',
  options: (command) => command.option('--json', 'print one JSON object'),
  examples: EXAMPLES,
  run: ({ terminal }) => {
    const { simd, sharedMemory, threads } = wasmInfo();
    const info = {
      fewbit: packageVersion(),
      node: process.versions.node,
      v8: process.versions.v8,
      platform: `${process.platform} ${process.arch}`,
      cpu: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} threads at once`,
      memory: sizeText(totalmem()),
      backends: BACKEND_NAMES.join(', '),
      wasmSimd: simd,
      wasmSharedMemory: sharedMemory,
      wasmThreads: threads,
      cache: cacheFolder(),
    };
    terminal.json(info);
    const rows = Object.entries(info).map(([name, value]) => [
      name.replace(/^wasm/, 'wasm ').toLowerCase(),
      typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value),
    ]);
    terminal.print(tableText(terminal, ['', ''], rows, 'll').replace(/^\s*\n/, ''));
    return EXIT.done;
  },
});
