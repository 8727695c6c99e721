// The peers' processes as contenders: which are installed, how they are started, and what they cannot do.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from '../child.mjs';
import { SLOW_SECONDS } from '../measure.mjs';
import { threadsText } from '../report.mjs';

/** How long a peer may take to start, and for one step before it is called too slow. */
const START_MS = 120_000;
const STEP_MS = { quick: 20_000, full: 120_000 };
const ROUND_MS = 600_000;

const CPUINFO = '/proc/cpuinfo';
/** Keeps the libraries that torch's products may come from to what processors without AVX-512 have. */
const AVX2 = {
  OPENBLAS_CORETYPE: 'Haswell',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
  ATEN_CPU_CAPABILITY: 'avx2',
};

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The interpreter that has torch, or why there is none. */
export function findTorch() {
  const named = process.env.FEWBIT_PYTHON;
  const candidates = named ? [named] : ['python3', '/usr/bin/python3'];
  const python = candidates.find((one) => spawnSync(one, ['-c', 'import torch']).status === 0);
  if (python !== undefined) return { python };
  return {
    missing: `torch: skipped, ${candidates.join(' and ')} cannot import it; on Debian apt-get install python3-torch libopenblas0-openmp, or set FEWBIT_PYTHON`,
  };
}

export function findTfjs() {
  if (existsSync(file('node_modules/@tensorflow/tfjs'))) return {};
  return { missing: 'tfjs: skipped, it is not installed; npm ci --prefix bench/peers' };
}

/** Starts a peer; resolves to null, with a note, if it cannot. */
async function startPeer(context, label, [command, args, env], setup) {
  const child = new Child(command, args, env);
  try {
    return { child, hello: await child.ask(setup, START_MS) };
  } catch (error) {
    context.progress.note(`${label}: skipped, ${error.message}`);
    return null;
  }
}

/** A peer's variant as a contender; null, with a note, if it cannot train the network or takes too long. */
async function contender(context, name, child, request, notes) {
  const ask = (steps, timeoutMs) => child.ask({ ...request, steps }, timeoutMs);
  let seconds;
  try {
    seconds = await ask(1, context.quick ? STEP_MS.quick : STEP_MS.full);
  } catch (error) {
    notes.push(`${name}: cannot train this network (${error.message})`);
    return null;
  }
  const run = async (count) => {
    if (seconds < SLOW_SECONDS) await ask(1, ROUND_MS);
    return ask(count, ROUND_MS);
  };
  return { name, run };
}

/** True if the processor's own list of features contains it; only Linux provides one. */
function hasAvx512() {
  return existsSync(CPUINFO) && /\bavx512f\b/.test(readFileSync(CPUINFO, 'utf8'));
}

/**
 * The processes that torch runs in. Its waiting threads spin, which is best while neither other programs nor
 * a library with separate threads need the cores. So several threads are also tried with threads that sleep.
 * If there are vectors of 512 bits, everything is also tried without them.
 */
export function torchProcesses(threads, isWide) {
  const processes = threads.flatMap((count) => {
    const spinning = { threads: count, kind: 'float32', suffix: '', env: {} };
    if (count === 1) return [spinning];
    return [spinning, { ...spinning, suffix: ', sleeping threads', env: { OMP_WAIT_POLICY: 'passive' } }];
  });
  const narrow = processes.map(({ suffix, env, ...process }) => ({
    ...process,
    ...{ kind: 'float32, AVX2', suffix: `, AVX2${suffix}`, env: { ...env, ...AVX2 } },
  }));
  return isWide ? [...processes, ...narrow] : processes;
}

/**
 * What keeps torch from its best, and what helps; null if nothing does. `blas`: the library of its products.
 */
export function blasNote(blas) {
  if (/mkl|use_openmp/i.test(blas)) return null;
  if (!/openblas/i.test(blas)) {
    return `torch: its matrix products use ${blas}, many times slower than OpenBLAS; apt-get install libopenblas0-openmp`;
  }
  return "torch: its OpenBLAS has threads beside those of torch, and they get in each other's way; apt-get install libopenblas0-openmp libopenblas0-pthread-";
}

export async function torchContenders(context, setup, { python }, notes) {
  const children = [];
  const contenders = [];
  for (const { threads, kind, suffix, env } of torchProcesses(context.threads, hasAvx512())) {
    const label = `torch, ${threadsText(threads)}${suffix}`;
    const count = String(threads);
    const counts = { OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
    context.progress.show(`peers: starting ${label}`);
    const command = [python, [file('torch_peer.py')], { ...counts, ...env }];
    const peer = await startPeer(context, label, command, { ...setup, threads });
    if (peer === null) continue;
    children.push(peer.child);
    const { version, blas, variants } = peer.hello;
    const isNarrow = kind !== 'float32';
    if (!isNarrow) context.versions.set('torch', `torch ${version}`);
    context.versions.set(isNarrow ? kind : 'blas', isNarrow ? `AVX2: ${blas}` : blas);
    for (const variant of variants) {
      const isSimulated = variant === 'fixed';
      if (isSimulated && isNarrow) continue;
      const one = await contender(context, `${label}: ${variant}`, peer.child, { variant }, notes);
      if (one === null) continue;
      const what = `torch ${isSimulated ? '16-bit stochastic, simulated' : variant}${suffix}`;
      contenders.push({ ...one, threads, kind: isSimulated ? 'fixed' : kind, what });
    }
  }
  return { children, contenders };
}

export async function tfjsContenders(context, network, setup, notes) {
  const children = [];
  const contenders = [];
  // Its WebAssembly has no threads in Node. Pure JavaScript is tried where that cannot train.
  for (const backend of ['wasm', 'cpu']) {
    if (contenders.length > 0) break;
    const label = `tfjs ${backend}`;
    context.progress.show(`peers, ${network}: starting ${label}`);
    const command = [process.execPath, [file('tfjs.mjs')], {}];
    const peer = await startPeer(context, label, command, { ...setup, backend });
    if (peer === null) continue;
    children.push(peer.child);
    context.versions.set('tfjs', `tfjs ${peer.hello.version}`);
    const one = await contender(context, label, peer.child, {}, notes);
    if (one) contenders.push({ ...one, threads: 1, kind: 'tfjs', what: label });
  }
  return { children, contenders };
}
