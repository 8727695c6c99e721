// Part 4: time of a training step by batch, width and number of threads, as tables, data and a chart.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineNetwork } from '../dist/nn/index.js';
import { planTotals } from '../dist/plan/index.js';
import { scalingChart } from './chart.mjs';
import { BATCH, define, openSession, stepContender, trainedParameters } from './fewbit.mjs';
import { measure } from './measure.mjs';
import { threadsText } from './report.mjs';
import { inverse, numberText, rangeText, ratio, summary } from './statistics.mjs';

const BATCHES = { full: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024], quick: [1, 8, 64, 512] };
const WIDTHS = { full: [256, 512, 1024, 2048, 4096], quick: [256, 1024] };
/** Training of another width before it is measured; its time grows with the square of the width. */
const WIDE_WARM_STEPS = 10;

export async function benchScaling(context) {
  const size = context.quick ? 'quick' : 'full';
  const batches = await byBatch(context, BATCHES[size]);
  const widths = await byWidth(context, WIDTHS[size]);
  const threads = await byThreads(context);
  const svg = await scalingChart({ batches: batches.points, widths: widths.points, threads: threads.points });
  writeFileSync(join(context.folder, 'scaling.svg'), svg);
  return {
    tables: [batches.table, widths.table, threads.table],
    aims: [],
    data: { batches: batches.points, widths: widths.points, threads: threads.points },
  };
}

/** Seconds of a step by number of threads, taking turns. */
async function stepSeconds(context, label, start, batch, threads) {
  const plan = start.definition.plan(batch);
  const contenders = [];
  for (const count of threads) {
    const session = await openSession(plan, count);
    contenders.push(stepContender(String(count), session, start));
  }
  try {
    return await measure(`scaling, ${label}`, contenders, context);
  } finally {
    for (const { session } of contenders) await session.close();
  }
}

const milliseconds = (seconds) => rangeText(summary(seconds.map((value) => value && value * 1000)));

async function byBatch(context, sizes) {
  const { threads } = context;
  const points = [];
  for (const network of context.networks) {
    const start = await context.trained.of(network);
    for (const batch of sizes) {
      const times = await stepSeconds(context, `${network}, batch ${batch}`, start, batch, threads);
      for (const count of threads)
        points.push({ network, batch, threads: count, seconds: times.get(String(count)) });
    }
  }
  const rows = context.networks.flatMap((network) =>
    sizes.map((batch) => {
      const of = (count) =>
        points.find((p) => p.network === network && p.batch === batch && p.threads === count).seconds;
      const most = threads.at(-1);
      const perExample = (summary(of(most)).median / batch) * 1e6;
      return [
        `${network}, ${batch}`,
        ...threads.map((count) => milliseconds(of(count))),
        numberText(perExample),
      ];
    }),
  );
  return {
    table: {
      title: 'Time of a step by batch',
      head: [
        'network, batch',
        ...threads.map((count) => `ms, ${threadsText(count)}`),
        `us per example, ${threadsText(threads.at(-1))}`,
      ],
      rows,
    },
    points,
  };
}

/** The dnn with both hidden layers `units` wide. */
function wide(units) {
  const { configuration } = define('dnn');
  const layers = configuration.layers.map((layer, index) => (index < 2 ? { ...layer, units } : layer));
  return defineNetwork({ ...configuration, layers });
}

async function byWidth(context, widths) {
  const { threads } = context;
  const { train: data } = await context.data.of('dnn');
  const points = [];
  const rows = [];
  for (const units of widths) {
    const definition = wide(units);
    const from = WIDE_WARM_STEPS;
    context.progress.show(`scaling, width ${units}: training for a while`);
    const parameters = await trainedParameters(definition, { data, steps: from, threads: threads.at(-1) });
    const start = { definition, data, parameters, from };
    const times = await stepSeconds(context, `width ${units}`, start, BATCH, threads);
    const macs = planTotals(definition.plan(BATCH)).trainMacs;
    for (const count of threads)
      points.push({ units, threads: count, macs, seconds: times.get(String(count)) });
    const speed = summary(inverse(times.get(String(threads.at(-1))))).median * macs;
    rows.push([
      String(units),
      ...threads.map((count) => milliseconds(times.get(String(count)))),
      numberText(speed / 1e9),
    ]);
  }
  return {
    table: {
      title: `Time of a step of the dnn by width, batch ${BATCH}`,
      head: [
        'units',
        ...threads.map((count) => `ms, ${threadsText(count)}`),
        `GMAC/s, ${threadsText(threads.at(-1))}`,
      ],
      rows,
      note: 'The two hidden layers have the width; GMAC/s is of the whole step, the update included.',
    },
    points,
  };
}

async function byThreads(context) {
  const most = context.threads.at(-1);
  // All counts of a few cores; of many the powers of two and all.
  const counts = Array.from({ length: most }, (_, i) => i + 1).filter(
    (n) => most <= 8 || n === most || (n & (n - 1)) === 0,
  );
  const points = [];
  const rows = [];
  for (const network of context.networks) {
    const start = await context.trained.of(network);
    const times = await stepSeconds(context, `${network} by threads`, start, BATCH, counts);
    for (const count of counts) {
      const speedUp = ratio(times.get('1'), times.get(String(count)));
      points.push({ network, threads: count, seconds: times.get(String(count)), speedUp });
      rows.push([
        `${network}, ${threadsText(count)}`,
        milliseconds(times.get(String(count))),
        rangeText(speedUp),
      ]);
    }
  }
  return {
    table: {
      title: `Time of a step by threads, batch ${BATCH}`,
      head: ['network, threads', 'ms', 'times as fast as one thread'],
      rows,
    },
    points,
  };
}
