// Part 3: the same networks on torch and TensorFlow.js, each in a separate process, alternating with Fewbit.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { learningRate } from '../../dist/optim/index.js';
import { BATCH, openSession, stepContender } from '../fewbit.mjs';
import { measure } from '../measure.mjs';
import { aim, threadsText } from '../report.mjs';
import { inverse, median, rangeText, ratio, summary } from '../statistics.mjs';
import { blasNote, findTfjs, findTorch, tfjsContenders, torchContenders } from './contenders.mjs';

/** Batches that the peers take turns with. */
const BATCHES = 20;
/**
 * Idle threads of a peer spin for a while before they sleep, OpenBLAS's 2^28 of the processor's clock ticks:
 * no other contender is measured until then.
 */
const REST_MS = 150;
/** Short rounds of several threads measure how they wake up. */
const LEAST_ROUND_MS = 300;
const FLOAT32 = { dnn: 1, lenet: 2, cifar: 1 };
const WANTED = {
  float32: FLOAT32,
  'float32, AVX2': FLOAT32,
  fixed: { dnn: 10, lenet: 10, cifar: 2 },
  tfjs: { dnn: 20 },
};

/** What a peer needs to know to train the network. */
function setupOf(definition, path) {
  const { layers, weightInit, optimizer } = definition.configuration;
  const { formats } = definition.settings;
  return {
    ...{ layers, batch: BATCH, batches: BATCHES, shape: definition.inputShape, classes: definition.classes },
    data: path,
    deviation: weightInit?.deviation ?? null,
    formats: Object.fromEntries(Object.entries(formats).map(([role, { il, fl }]) => [role, [il, fl]])),
    learningRate: learningRate(optimizer.learningRate, 0),
    momentum: optimizer.momentum ?? 0,
    weightDecay: optimizer.weightDecay ?? 0,
  };
}

/** The first batches of the data as a file: float32 images in NHWC, then int32 labels. */
function writeBatches(folder, network, { features, labels }) {
  const path = join(folder, `${network}.bin`);
  const count = BATCH * BATCHES;
  const size = features.length / labels.length;
  const images = Float32Array.from(features.subarray(0, count * size), (pixel) => pixel / 255);
  writeFileSync(
    path,
    Buffer.concat([images, labels.slice(0, count)].map(({ buffer }) => Buffer.from(buffer))),
  );
  return path;
}

async function fewbitContenders(context, start) {
  const plan = start.definition.plan(BATCH);
  const contenders = [];
  for (const threads of context.threads) {
    const one = stepContender(`fewbit, ${threads}`, await openSession(plan, threads), start);
    contenders.push({ ...one, threads, kind: 'fewbit', what: 'Fewbit' });
  }
  return contenders;
}

async function measureNetwork(context, network, torch, tfjs, folder) {
  const start = await context.trained.of(network);
  const { definition, set, data } = start;
  const setup = setupOf(definition, writeBatches(folder, network, data));
  const notes = [];
  const own = await fewbitContenders(context, start);
  const none = { children: [], contenders: [] };
  const peers = [
    torch.missing ? none : await torchContenders(context, setup, torch, notes),
    tfjs.missing ? none : await tfjsContenders(context, network, setup, notes),
  ];
  for (const note of notes) context.progress.note(`${network}, ${note}`);
  try {
    const all = [...own, ...peers.flatMap(({ contenders }) => contenders)];
    const pace = { ...context.pace, roundMs: Math.max(context.pace.roundMs, LEAST_ROUND_MS) };
    const times = await measure(`peers, ${network}`, all, { ...context, pace, restMs: REST_MS });
    return {
      network,
      set,
      notes,
      contenders: all.map(({ name, threads, kind, what }) => ({
        name,
        threads,
        kind,
        what,
        seconds: times.get(name),
      })),
    };
  } finally {
    for (const { session } of own) await session.close();
    for (const { children } of peers) for (const child of children) await child.close();
  }
}

/** The fastest of some contenders, by the median of its rounds. */
function fastest(contenders) {
  const middle = ({ seconds }) => median(seconds.filter((value) => value !== undefined));
  return contenders.toSorted((a, b) => middle(a) - middle(b))[0];
}

function report({ network, contenders }) {
  const own = contenders.filter(({ kind }) => kind === 'fewbit');
  const [one, most] = [own[0], own.at(-1)];
  const of = (wanted) => contenders.filter(({ kind }) => kind === wanted);
  const rows = contenders.map(({ what, threads, seconds, kind }) => [
    ...[`${network}, ${what}`, String(threads), rangeText(summary(inverse(seconds)))],
    ...own.map((mine) => (kind === 'fewbit' ? '-' : rangeText(ratio(seconds, mine.seconds)))),
  ]);
  const simulated = of('fixed').find(({ threads }) => threads === 1);
  const [tfjs] = of('tfjs');
  const best = `${network}: ${threadsText(most.threads)} against torch float32 at its best`;
  const compared = [
    ['float32', best, fastest(of('float32')), most],
    ['float32, AVX2', `${best}, AVX2`, fastest(of('float32, AVX2')), most],
    ['fixed', `${network}: 1 thread against torch 16-bit simulated, 1 thread`, simulated, one],
    ['tfjs', `${network}: 1 thread against tfjs`, tfjs, one],
  ];
  const aims = compared.flatMap(([kind, what, peer, mine]) => {
    const wanted = WANTED[kind][network];
    if (peer === undefined || wanted === undefined) return [];
    return [aim(what, `>= ${wanted}x`, ratio(peer.seconds, mine.seconds))];
  });
  return { rows, aims };
}

export async function benchPeers(context) {
  const torch = findTorch();
  const tfjs = findTfjs();
  const missing = [torch, tfjs].flatMap((peer) => peer.missing ?? []);
  for (const line of missing) context.progress.note(line);
  const versions = new Map();
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-bench-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.on('exit', remove);
  const measured = [];
  for (const network of context.networks) {
    measured.push(await measureNetwork({ ...context, versions }, network, torch, tfjs, folder));
  }
  remove();
  const blas = versions.get('blas');
  const slow = blas === undefined ? null : blasNote(blas);
  if (slow !== null) {
    missing.push(slow);
    context.progress.note(slow);
  }
  const reports = measured.map(report);
  const sets = measured.map(({ network, set }) => `${network} on ${set}`);
  return {
    tables: [
      {
        title: `Peers: training steps per second, batch ${BATCH}`,
        head: [
          'network, peer',
          'threads',
          'steps/s',
          ...context.threads.map((threads) => `Fewbit, ${threadsText(threads)}, against it`),
        ],
        rows: reports.flatMap(({ rows }) => rows),
        note: [
          `Examples: ${sets.join(', ')}. Above 1 Fewbit is faster.`,
          ...measured.flatMap(({ network, notes }) => notes.map((note) => `${network}, ${note}.`)),
        ].join(' '),
      },
    ],
    aims: reports.flatMap(({ aims }) => aims),
    notes: [[...versions.values()].join('; '), ...missing]
      .filter((text) => text !== '')
      .map((text) => `${text}.`),
    data: { versions: Object.fromEntries(versions), measured },
  };
}
