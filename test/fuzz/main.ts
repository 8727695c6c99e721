/** `npm run fuzz`: options, one worker thread per target in turn, the watch for hangs, the table, and what was found. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './case.js';
import { TARGETS } from './targets.js';
import type { Task } from './worker.js';

const HELP = `Usage: npm run fuzz -- [options]

Feeds damaged inputs to every entrance of Fewbit. A finding is a crash (any error that is not the library's own, or an exit
code other than 0, 2 and 3), a case that takes over 10 seconds, or a change that goes unnoticed though there is a check sum.

  --minutes <n>    how long, all targets together (default 3)
  --seed <n>       the cases are a function of this (default 1)
  --target <name>  only this one; may be repeated: ${TARGETS.map(({ name }) => name).join(', ')}
  --out <folder>   where inputs of findings go (default build/fuzz)

Example:  npm run fuzz -- --minutes 3 --seed 1 --target csv`;

const HANG_MS = 10_000;
/** A process starts slowly on a busy machine, and has a separate limit. */
const PROCESS_HANG_MS = 70_000;
const START_MS = 120_000;
const LOOK_EVERY_MS = 250;
const ENTRY = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));

interface Count {
  cases: number;
  accepted: number;
  refused: number;
  crash: number;
  hang: number;
  silent: number;
}

/** Runs the command. Exit code 1: something was found; 2: the options make no sense. */
export async function run(): Promise<void> {
  let options;
  try {
    options = parseArgs({
      options: {
        minutes: { type: 'string', default: '3' },
        seed: { type: 'string', default: '1' },
        target: { type: 'string', multiple: true },
        out: { type: 'string', default: 'build/fuzz' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    refuse((error as Error).message);
    return;
  }
  if (options.help === true) {
    console.log(HELP);
    return;
  }
  const [minutes, seed] = [Number(options.minutes), Number(options.seed)];
  if (!(minutes > 0 && minutes <= 24 * 60)) {
    refuse(`--minutes: from 0 to 1440, got ${options.minutes}`);
    return;
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    refuse(`--seed: a whole number, got ${options.seed}`);
    return;
  }
  const names = options.target ?? TARGETS.map(({ name }) => name);
  const unknown = names.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined) {
    refuse(`--target: there is no "${unknown}"; see --help`);
    return;
  }

  const rows: Record<string, Count> = {};
  for (const name of names) {
    console.log(`${name} ...`);
    rows[name] = await fuzz(name, seed, (60_000 * minutes) / names.length, options.out);
  }
  console.table(rows);
  const found = Object.values(rows).reduce((sum, { crash, hang, silent }) => sum + crash + hang + silent, 0);
  console.log(found === 0 ? 'nothing found' : `${found} findings; their inputs are in ${options.out}`);
  process.exitCode = found === 0 ? 0 : 1;
}

function refuse(message: string): void {
  console.error(`error: ${message}`);
  process.exitCode = 2;
}

/** Fuzzes a target for a time; after a hang a new worker continues with the next case. */
async function fuzz(name: string, seed: number, forMs: number, out: string): Promise<Count> {
  const count: Count = { cases: 0, accepted: 0, refused: 0, crash: 0, hang: 0, silent: 0 };
  let [first, leftMs] = [0, forMs];
  while (first >= 0 && leftMs > 0) {
    const startMs = Date.now();
    first = await work({ name, seed, first, forMs: leftMs }, count, out);
    leftMs -= Date.now() - startMs;
  }
  return count;
}

/** One worker: returns the case at which to continue after a hang, or -1 at the end of the time. */
async function work(
  { name, seed, first, forMs }: { name: string; seed: number; first: number; forMs: number },
  count: Count,
  out: string,
): Promise<number> {
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const task: Task = { target: name, seed, first, forMs, progress };
  const worker = new Worker(ENTRY, { workerData: task });
  const hangMs = name === 'arguments' ? PROCESS_HANG_MS : HANG_MS;
  let [at, sinceMs] = [-1, Date.now()];
  return await new Promise<number>((resolve, reject) => {
    const timer = setInterval(() => {
      const [index, isReady] = [Atomics.load(progress, 0), Atomics.load(progress, 1) === 1];
      if (index !== at) [at, sinceMs] = [index, Date.now()];
      if (Date.now() - sinceMs <= (isReady ? hangMs : START_MS)) return;
      clearInterval(timer);
      void worker.terminate();
      count.hang++;
      count.cases++;
      keep(
        out,
        `${name}-${seed}-${index}-hang`,
        new Uint8Array(),
        `case ${index} of seed ${seed} did not end`,
      );
      resolve(index + 1);
    }, LOOK_EVERY_MS);
    worker.on('message', ({ index, kind, input, detail }: Outcome & { index: number }) => {
      count.cases++;
      count[kind]++;
      if (kind === 'crash' || kind === 'silent')
        keep(out, `${name}-${seed}-${index}-${kind}`, input, detail ?? '');
    });
    worker.on('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
    worker.on('exit', () => {
      clearInterval(timer);
      resolve(-1);
    });
  });
}

function keep(out: string, stem: string, input: Uint8Array, detail: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, stem), input);
  writeFileSync(join(out, `${stem}.txt`), `${detail}\n`);
}
