// Part 2: full training steps by format and number of threads, and what they cost beside their sums.
import { DIVERGING, SPAN } from './divergence.mjs';
import { BATCH, openSession, stepContender, waysOf } from './fewbit.mjs';
import { LOOP_MACS, openLoop } from './loop.mjs';
import { measure } from './measure.mjs';
import { benchCounters, benchFirstStep, benchOutside } from './overhead.mjs';
import { aim, threadsText } from './report.mjs';
import { inverse, percentText, quotients, rangeText, ratio, summary } from './statistics.mjs';

const FITTING = '`<2,14>`, sums that fit';

/**
 * The measurements of a network. One that diverges in <2,14> is measured three times: while sums fit in 32
 * bits, while they need stretches only, and later.
 */
function variantsOf(network) {
  const narrow = { label: '`<2,14>`', formats: '<2,14>' };
  return [
    { label: 'own' },
    ...(DIVERGING.includes(network)
      ? [
          { ...narrow, label: FITTING, place: 'fitting' },
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

/** How many times as fast two threads are to be as one, on a machine whose second core is as good as its first. */
const WANTED_OF_TWO = 1.85;
const LOOP = 'register-only loop';
/**
 * Its own formats, restarted as often as those that diverge, which costs each of them one or two per cent.
 */
const OWN_IN_SPANS = 'own in spans';

export async function benchSteps(context) {
  const most = context.threads.at(-1);
  const measured = [];
  for (const network of context.networks) measured.push(await measureFormats(context, network));
  const reports = measured.map((one) => report(one, most));
  const outside = await benchOutside(context);
  const counters = await benchCounters(context);
  const first = await benchFirstStep(context);
  return {
    tables: [
      {
        title: `Training steps per second, batch ${BATCH}`,
        head: [
          'network, formats',
          '1 thread',
          ...(most > 1 ? [threadsText(most), `1 to ${threadsText(most)}`, 'of what the machine gives'] : []),
          'time against own formats',
          'ways',
        ],
        rows: reports.flatMap(({ rows }) => rows),
        note: [
          `Trained before: ${measured.map(trainingText).join('; ')}.`,
          ...(most > 1
            ? [
                'What the machine gives: what more threads were worth to the register-only loop in the same rounds.',
              ]
            : []),
          'Time against own formats is on one thread; above 1 is slower.',
        ].join(' '),
      },
      ...[outside, counters, first].map(({ table }) => table),
    ],
    aims: [...reports.flatMap(({ aims }) => aims), ...outside.aims, ...counters.aims, ...first.aims],
    data: { formats: measured, outside: outside.data, counters: counters.data, first: first.data },
  };
}

/** `dnn on mnist, 180 steps (`<2,14>` 161, ...)`. */
function trainingText({ network, set, from }) {
  const { own, ...others } = from;
  const different = Object.entries(others).filter(([, steps]) => steps !== own);
  const exceptions = different.map(([label, steps]) => `${label}: ${steps}`).join('; ');
  return `${network} on ${set}, ${own} steps${exceptions && ` (${exceptions})`}`;
}

const nameOf = (network, label, threads) => `${network} ${label} on ${threads}`;

/** Seconds of a step by variant and number of threads, taking turns with the loop that tells what threads are worth. */
async function measureFormats(context, network) {
  const { threads } = context;
  const variants = variantsOf(network);
  const ways = {};
  const from = {};
  const bases = {};
  // The loop next to own formats: neighbours in time are compared.
  const contenders = [];
  if (threads.length > 1) {
    for (const count of threads) contenders.push(await openLoop(nameOf(network, LOOP, count), count));
  }
  for (const { label, formats, place } of variants) {
    const start = await context.trained.of(network, formats, place);
    ways[label] = await waysOf(start);
    from[label] = start.from;
    bases[label] = place === undefined ? 'own' : OWN_IN_SPANS;
    const plan = start.definition.plan(BATCH);
    for (const count of threads) {
      const session = await openSession(plan, count);
      contenders.push(stepContender(nameOf(network, label, count), session, start));
    }
  }
  if (Object.values(bases).includes(OWN_IN_SPANS)) {
    const start = await context.trained.of(network);
    const session = await openSession(start.definition.plan(BATCH), 1);
    contenders.push(stepContender(nameOf(network, OWN_IN_SPANS, 1), session, { ...start, span: SPAN }));
  }
  try {
    const times = await measure(`steps, ${network}`, contenders, context);
    const { set } = await context.trained.of(network);
    return { network, set, from, bases, ways, seconds: Object.fromEntries(times) };
  } finally {
    for (const { session } of contenders) await session.close();
  }
}

/** The table's rows of a network, and what was wanted. */
function report({ network, bases, ways, seconds }, most) {
  const of = (label, count) => seconds[nameOf(network, label, count)];
  const speedUp = (label) => quotients(of(label, 1), of(label, most));
  const ofMachine = (label) => percentText(ratio(speedUp(label), speedUp(LOOP)));
  const slower = (label, base = bases[label]) => ratio(of(label, 1), of(base, 1));
  const scaling = (label) => [
    ...[rangeText(summary(inverse(of(label, most)))), rangeText(summary(speedUp(label))), ofMachine(label)],
  ];
  const rows = Object.entries(ways).map(([label, way]) => [
    ...[`${network}, ${label}`, rangeText(summary(inverse(of(label, 1))))],
    ...(most > 1 ? scaling(label) : []),
    ...[label === 'own' ? '-' : rangeText(slower(label)), way],
  ]);
  if (most > 1) {
    const gigas = (count) =>
      rangeText(summary(of(LOOP, count).map((time) => LOOP_MACS / time / 1e9)), ' GMAC/s');
    rows.push([
      `${network}, ${LOOP}`,
      gigas(1),
      gigas(most),
      rangeText(summary(speedUp(LOOP))),
      '-',
      '-',
      '-',
    ]);
  }
  const aims = Object.entries(WANTED).flatMap(([label, { [network]: limit }]) =>
    limit === undefined
      ? []
      : [aim(`${network}, ${label}: time against own formats`, `<= ${limit}x`, slower(label))],
  );
  if (FITTING in ways) {
    const limit = WANTED['`<2,14>`'][network];
    aims.push(
      aim(
        `${network}, \`<2,14>\`: time against the same, sums that fit`,
        `<= ${limit}x`,
        slower('`<2,14>`', FITTING),
      ),
    );
  }
  if (most === 2) {
    const what = `${network}: one thread to two`;
    const share = `>= ${(100 * WANTED_OF_TWO) / 2} %`;
    aims.unshift(aim(what, `>= ${WANTED_OF_TWO}x`, summary(speedUp('own'))), {
      what: `${what}, of what the machine gives`,
      wanted: share,
      got: ofMachine('own'),
    });
  }
  return { rows, aims };
}
