// What a training step costs beside its sums: JavaScript and data around the kernels, the counters of the rounding
// sites, and the time until the first step is done.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArrayDataSetIterator } from '../dist/data/index.js';
import { Network } from '../dist/train/index.js';
import { compileAssembly, KERNEL_OPTIONS } from '../scripts/compile.mjs';
import { BATCH, define, openParts, stepContender } from './fewbit.mjs';
import { measure } from './measure.mjs';
import { aim } from './report.mjs';
import { percentText, rangeText, ratio, summary } from './statistics.mjs';

/** Share of the time of `Network.fit`, iterator and all, that no kernel runs. */
export async function benchOutside(context) {
  const rows = [];
  const aims = [];
  const data = {};
  for (const network of context.networks) {
    const { train } = await context.data.of(network);
    for (const threads of context.threads) {
      let parts;
      const backend = {
        name: 'wasm',
        open: async (plan) => (parts = await openParts(plan, threads)).session,
      };
      const model = await Network.create(define(network).configuration, { backend });
      const iterator = new ArrayDataSetIterator(train, { batch: BATCH, shuffle: 1 });
      const shares = [];
      const run = async (count) => {
        // From the end of the first step: what a call of fit does once is no part of a step.
        let start = null;
        const iterationDone = () => (start ??= { ms: performance.now(), kernelMs: parts.kernelMs() });
        const listeners = [{ iterationDone }];
        await model.fit(iterator, { epochs: Number.MAX_SAFE_INTEGER, maxSteps: count + 1, listeners });
        const ms = performance.now() - start.ms;
        shares.push(1 - (parts.kernelMs() - start.kernelMs) / ms);
        return ms / 1000;
      };
      const label = `${network} on ${threads}`;
      await measure(`outside of the kernels, ${label}`, [{ name: label, run }], context);
      await model.close();
      const share = summary(shares.slice(-context.pace.rounds));
      data[label] = share;
      rows.push([network, String(threads), percentText(share)]);
      if (network === 'dnn') {
        aims.push(aim(`dnn, outside of the kernels, threads: ${threads}`, '< 5 %', share, percentText));
      }
    }
  }
  return {
    table: {
      title: 'Share of a step outside of the kernels',
      head: ['network', 'threads', 'share of the time of `Network.fit`'],
      rows,
      note: 'Shuffling, gathering and encoding the batch, copying it in, starting the run, metrics, listeners.',
    },
    aims,
    data,
  };
}

/** The kernels with the functions that every count goes through emptied; what fed them falls to the compilers. */
async function kernelsWithoutCounters() {
  const assembly = new URL('../assembly/', import.meta.url);
  const read = (name) => {
    const url = new URL(name, assembly);
    if (!existsSync(url)) return null;
    const source = readFileSync(url, 'utf8');
    if (name !== 'convert/statistics.ts') return source;
    let emptied = 0;
    const body = /(export function (?:bump|countRun)\([^)]*\): void \{)[^]*?\n\}/g;
    const text = source.replace(body, (_, head) => (emptied++, `${head}\n}`));
    if (emptied !== 2)
      throw new Error('bench: assembly/convert/statistics.ts no longer counts in bump and countRun');
    return text;
  };
  return WebAssembly.compile(await compileAssembly('index.ts', read, KERNEL_OPTIONS));
}

async function trainAndRead(session, steps) {
  for (const step of steps) {
    await session.train([step]);
    await session.statistics();
  }
}

/** Kernels that count, and whose counters are read after every step, against kernels that do not. One thread. */
export async function benchCounters(context) {
  const module = await kernelsWithoutCounters();
  const rows = [];
  const aims = [];
  const data = {};
  for (const network of context.networks) {
    const start = await context.trained.of(network);
    const plan = start.definition.plan(BATCH);
    const counting = (await openParts(plan, 1)).session;
    const bare = (await openParts(plan, 1, module)).session;
    const contenders = [
      stepContender('counted', counting, start),
      stepContender('counted and read', counting, start, trainAndRead),
      stepContender('bare', bare, start),
    ];
    // Nothing has run the bare kernels yet, and the engine takes a while to compile them well.
    const pace = { ...context.pace, warmMs: 1500 };
    const times = await measure(`counters, ${network}`, contenders, { ...context, pace });
    await counting.close();
    await bare.close();
    const cost = (name) => {
      const { median, low, high } = ratio(times.get(name), times.get('bare'));
      return { median: median - 1, low: low - 1, high: high - 1 };
    };
    data[network] = Object.fromEntries(times);
    rows.push([network, percentText(cost('counted')), percentText(cost('counted and read'))]);
    aims.push(
      aim(`${network}: counters, read at every step`, '< 3 %', cost('counted and read'), percentText),
    );
  }
  return {
    table: {
      title: 'Cost of the counters',
      head: ['network', 'counted at every step', 'and read at every step'],
      rows,
      note: 'Against kernels compiled without counting, which compute the same; one thread.',
    },
    aims,
    data,
  };
}

/** From the start of a process to the end of LeNet's first training step. */
export async function benchFirstStep(context) {
  const script = fileURLToPath(new URL('first-step.mjs', import.meta.url));
  let set = '';
  const run = async (count) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      set = stdout.trim();
    }
    return (performance.now() - start) / 1000;
  };
  const times = await measure('time to the first step', [{ name: 'lenet', run }], context);
  const seconds = summary(times.get('lenet'));
  return {
    table: {
      title: 'Time to the first step',
      head: ['from', 'to', 'seconds'],
      rows: [['start of the process', 'end of the first step of lenet, all threads', rangeText(seconds)]],
      note: `Data: ${set}, from the cache.`,
    },
    aims: [aim('lenet: time to the first step', '< 1 s', seconds)],
    data: { set, seconds: times.get('lenet') },
  };
}
