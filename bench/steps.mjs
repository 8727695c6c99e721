// Part 2: full training steps by format and number of threads, and what they cost beside their sums.
import { DIVERGING } from './divergence.mjs';
import { BATCH, openSession, stepContender, waysOf } from './fewbit.mjs';
import { measure } from './measure.mjs';
import { benchCounters, benchFirstStep, benchOutside } from './overhead.mjs';
import { aim, threadsText } from './report.mjs';
import { inverse, rangeText, ratio, summary } from './statistics.mjs';

/** What is measured of a network. Of one that diverges in <2,14> twice: where sums need stretches only, and further on. */
function variantsOf(network) {
  const narrow = { label: '`<2,14>`', formats: '<2,14>' };
  return [
    { label: 'own' },
    ...(DIVERGING.includes(network)
      ? [
          { ...narrow, place: 'stretches' },
          { ...narrow, label: '`<2,14>`, diverging', place: 'diverging' },
        ]
      : [narrow]),
    { label: '`<6,14>`', formats: '<6,14>' },
    { label: 'float32', formats: 'float32' },
  ];
}

/** How much slower at most, by formats and network. */
const WANTED = { '`<2,14>`': { dnn: 1.2, lenet: 1.35 }, '`<6,14>`': { dnn: 4, lenet: 4, cifar: 4 } };

export async function benchSteps(context) {
  const rows = [];
  const aims = [];
  const data = [];
  for (const network of context.networks) {
    const measured = await measureFormats(context, network);
    rows.push(...measured.rows);
    aims.push(...measured.aims);
    data.push(measured.data);
  }
  const outside = await benchOutside(context);
  const counters = await benchCounters(context);
  const first = await benchFirstStep(context);
  const most = context.threads.at(-1);
  return {
    tables: [
      {
        title: `Training steps per second, batch ${BATCH}`,
        head: [
          'network, formats',
          '1 thread',
          ...(most > 1 ? [threadsText(most), `1 to ${threadsText(most)}`] : []),
          'time against own formats',
          'ways',
        ],
        rows,
        note: `Trained before: ${data.map(trainingText).join('; ')}. Time against own formats is on one thread; above 1 is slower.`,
      },
      ...[outside, counters, first].map(({ table }) => table),
    ],
    aims: [...aims, ...outside.aims, ...counters.aims, ...first.aims],
    data: { formats: data, outside: outside.data, counters: counters.data, first: first.data },
  };
}

/** `dnn on mnist, 180 steps (`<2,14>` 161, ...)`. */
function trainingText({ network, set, from }) {
  const { own, ...others } = from;
  const different = Object.entries(others).filter(([, steps]) => steps !== own);
  const exceptions = different.map(([label, steps]) => `${label}: ${steps}`).join('; ');
  return `${network} on ${set}, ${own} steps${exceptions && ` (${exceptions})`}`;
}

async function measureFormats(context, network) {
  const { threads } = context;
  const contenders = [];
  const name = (label, count) => `${network} ${label} on ${count}`;
  const variants = variantsOf(network);
  const ways = new Map();
  const from = {};
  for (const { label, formats, place } of variants) {
    const start = await context.trained.of(network, formats, place);
    ways.set(label, await waysOf(start));
    from[label] = start.from;
    const plan = start.definition.plan(BATCH);
    for (const count of threads) {
      const session = await openSession(plan, count);
      contenders.push(stepContender(name(label, count), session, start));
    }
  }
  try {
    const times = await measure(`steps, ${network}`, contenders, context);
    const of = (label, count) => times.get(name(label, count));
    const most = threads.at(-1);
    const rows = variants.map(({ label }) => [
      `${network}, ${label}`,
      rangeText(summary(inverse(of(label, 1)))),
      ...(most > 1
        ? [rangeText(summary(inverse(of(label, most)))), rangeText(ratio(of(label, 1), of(label, most)))]
        : []),
      label === 'own' ? '-' : rangeText(ratio(of(label, 1), of('own', 1))),
      ways.get(label),
    ]);
    const slower = Object.entries(WANTED).flatMap(([label, limits]) =>
      limits[network] === undefined
        ? []
        : [
            aim(
              `${network}, ${label}: time against own formats`,
              `<= ${limits[network]}x`,
              ratio(of(label, 1), of('own', 1)),
            ),
          ],
    );
    const faster =
      most === 2 ? [aim(`${network}: one thread to two`, '>= 1.85x', ratio(of('own', 1), of('own', 2)))] : [];
    const { set } = await context.trained.of(network);
    return {
      rows,
      aims: [...faster, ...slower],
      data: { network, set, from, seconds: Object.fromEntries(times) },
    };
  } finally {
    for (const { session } of contenders) await session.close();
  }
}
