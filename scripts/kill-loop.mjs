/**
 * `npm run kill-loop -- --kills 200 --seed 1`: trains small runs whose processes are killed in the middle of writes, between them and
 * by signals, and whose disks are full, fail, or cut writes short; each run is continued until it is done. Every run must end with the
 * result and the metrics of the run that was not disturbed. Prints the counts; exit code 1 if anything was lost.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
});
const wanted = Number(values.kills);
if (!Number.isSafeInteger(wanted) || wanted < 1)
  throw new RangeError(`--kills: must be a whole number from 1, got ${values.kills}`);

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const FAULTS = pathToFileURL(fileURLToPath(new URL('faults.mjs', import.meta.url))).href;
/** Somewhat fewer calls than a run of this length makes. */
const CALLS = 120;
const root = mkdtempSync(join(tmpdir(), 'fewbit-kill-'));
writeFileSync(
  join(root, 'config.json'),
  JSON.stringify({
    network: {
      name: 'small',
      seed: 3,
      formats: { weight: '4.12', activation: '6.10' },
      rounding: 'stochastic',
      precisionSchedule: [{ epoch: 1, formats: '6.14' }],
      optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9 },
      input: { height: 28, width: 28, channels: 1 },
      layers: [
        { type: 'conv2d', name: 'conv1', channels: 2, kernel: 5, stride: 4, activation: 'relu' },
        { type: 'batchNorm' },
        { type: 'dense', name: 'fc1', units: 10 },
      ],
    },
    data: 'synthetic',
    ...{ batch: 50, epochs: 3, threads: 1, checkpointEvery: 7, metricsEvery: 5 },
  }),
);

/** Numbers from 0 to below 1 (mulberry32). */
let state = Number(values.seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** Runs the command line in a process, with a fault or a signal. */
async function run(args, { fault, signal, delayMs } = {}) {
  const node = fault === undefined ? [] : ['--import', FAULTS];
  const env = { ...process.env, ...(fault && { FEWBIT_FAULT: fault }) };
  const child = spawn(process.execPath, [...node, MAIN, ...args], { cwd: root, env });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  child.stdout.resume();
  const timer = signal && setTimeout(() => child.kill(signal), delayMs);
  const [code, by] = await new Promise((resolve) => child.on('close', (...end) => resolve(end)));
  clearTimeout(timer);
  return { code, signal: by, stderr };
}

const read = (folder, name) => readFileSync(join(root, folder, name), 'utf8');

/** The record of a run without times. */
function recordOf(folder) {
  const timeless = (text) =>
    Object.entries(JSON.parse(text)).filter(
      ([name]) => !['seconds', 'stepsPerSecond', 'sha256'].includes(name),
    );
  const lines = read(folder, 'metrics.jsonl').trimEnd().split('\n');
  return JSON.stringify([timeless(read(folder, 'result.json')), ...lines.map(timeless)]);
}

const counts = {
  runs: 0,
  processes: 0,
  kills: 0,
  insideWrites: 0,
  signals: 0,
  full: 0,
  failed: 0,
  short: 0,
  lost: 0,
};
const problems = [];
function lose(problem) {
  counts.lost++;
  problems.push(problem);
}

/** A process with something that happens to it. */
function mishap() {
  const call = Math.floor(random() * CALLS) + 1;
  const dice = random();
  // From the start of the process to the time at which an undisturbed one ends.
  const delayMs = random() * durationMs;
  if (dice < 0.5) return { fault: `kill ${call}` };
  if (dice < 0.75) return { signal: 'SIGKILL', delayMs };
  if (dice < 0.82) return { signal: random() < 0.5 ? 'SIGTERM' : 'SIGINT', delayMs };
  if (dice < 0.89) return { fault: `ENOSPC ${call}` };
  if (dice < 0.96) return { fault: `EIO ${call}` };
  return { fault: `short ${call}` };
}

/** Asked to stop: with a checkpoint, or before the process listened for signals. */
function isSignal({ code, signal }) {
  return [130, 143].includes(code) || ['SIGINT', 'SIGTERM'].includes(signal);
}

/** Counts how a process ended, and what it should not have done. */
function judge({ fault = '', signal }, end) {
  const [kind] = fault.split(' ');
  const isRefused = end.code === 2 && /error: cannot \w+ \S*killed\S*: /.test(end.stderr);
  if (end.signal === 'SIGKILL') {
    counts.kills++;
    if (kind === 'kill') counts.insideWrites++;
  } else if (signal !== undefined && isSignal(end)) counts.signals++;
  else if (isRefused && kind === 'ENOSPC') counts.full++;
  else if (isRefused && kind === 'EIO') counts.failed++;
  else if (end.code === 0) counts.short += kind === 'short' ? 1 : 0;
  else lose(`${fault || signal}: exit code ${end.code}, ${end.stderr.trim()}`);
}

const train = ['train', 'config.json', '--no-report', '--json', '--out'];
const begun = performance.now();
const whole = await run([...train, 'whole']);
const durationMs = performance.now() - begun;
if (whole.code !== 0) throw new Error(`the undisturbed run failed: ${whole.stderr}`);
const expected = recordOf('whole');
while (counts.kills < wanted) {
  rmSync(join(root, 'killed'), { recursive: true, force: true });
  const before = counts.lost;
  while (!existsSync(join(root, 'killed', 'result.json')) && counts.lost === before) {
    const isBegun = existsSync(join(root, 'killed', 'config.json'));
    const args = isBegun
      ? ['train', '--resume', '--no-report', '--json', '--out', 'killed']
      : [...train, 'killed'];
    const what = mishap();
    judge(what, await run(args, what));
    counts.processes++;
  }
  if (counts.lost > before) continue;
  counts.runs++;
  if (recordOf('killed') !== expected) lose(`run ${counts.runs} differs from the undisturbed one`);
}
// The record of the last run is one that a repetition gives.
const verified = await run(['verify', 'killed', '--quiet']);
if (counts.lost === 0 && verified.code !== 0) lose(`verify: ${verified.stderr}`);
console.log(JSON.stringify({ ...counts, seed: Number(values.seed) }));
for (const problem of problems) console.error(problem);
rmSync(root, { recursive: true, force: true });
process.exitCode = counts.lost === 0 ? 0 : 1;
