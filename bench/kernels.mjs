// Part 1: single products, and the ops of the networks' training steps, against what the machine gives one thread.
import { LIMIT_MACS, openLimits } from './limits.mjs';
import { measure } from './measure.mjs';
import { openOps } from './ops.mjs';
import { openProduct, PRODUCTS } from './products.mjs';
import { aim } from './report.mjs';
import { inverse, numberText, percentText, rangeText, ratio, summary } from './statistics.mjs';

/** Ops below this share of their step are left out of the table. */
const LEAST_SHARE = 0.01;

export async function benchKernels(context) {
  const limits = await openLimits();
  if (limits.note) context.progress.note(limits.note);
  try {
    const products = await measureProducts(context, limits);
    const ops = [];
    for (const network of context.networks) ops.push(await measureOps(context, limits, network));
    return {
      tables: [products.table, ...ops.map(({ table }) => table)],
      aims: products.aims,
      notes: limits.note ? [`${limits.note}.`] : [],
      data: { products: products.data, ops: ops.map(({ data }) => data) },
    };
  } finally {
    await limits.close();
  }
}

/** Rates in multiply-adds per second, by round. */
function rates(times, macs) {
  return inverse(times).map((rate) => (rate === undefined ? undefined : rate * macs));
}

function gigas(range) {
  return rangeText({ median: range.median / 1e9, low: range.low / 1e9, high: range.high / 1e9 });
}

async function measureProducts(context, { wasm, native }) {
  const cases = [];
  for (const spec of PRODUCTS) cases.push(await openProduct(spec));
  try {
    const contenders = [wasm, ...(native ? [native] : []), ...cases];
    const times = await measure('kernels, products', contenders, context);
    const limit = rates(times.get(wasm.name), LIMIT_MACS);
    const peak = native ? rates(times.get(native.name), LIMIT_MACS) : [];
    const rows = cases.map(({ name, macs, results, ways }) => {
      const speed = rates(times.get(name), macs);
      const counts = name.includes('float32') ? [] : limit;
      return {
        ...{ name, ways, speed, ofLimit: ratio(speed, counts), ofPeak: ratio(speed, peak) },
        nsPerResult: (summary(times.get(name)).median * 1e9) / results,
      };
    });
    const [first] = rows;
    return {
      table: {
        title: 'Products on one thread',
        head: ['m x k x n', 'way', 'GMAC/s', 'of the wasm limit', 'of the native peak', 'ns per result'],
        rows: [
          ['register-only loop, WebAssembly', '-', gigas(summary(limit)), '-', '-', '-'],
          ...(native
            ? [['register-only loop, native, 128 bits', '-', gigas(summary(peak)), '-', '-', '-']]
            : []),
          ...rows.map(({ name, ways, speed, ofLimit, ofPeak, nsPerResult }) => [
            ...[name, ways, gigas(summary(speed)), percentText(ofLimit)],
            ...[name.includes('float32') ? '-' : percentText(ofPeak), numberText(nsPerResult)],
          ]),
        ],
        note: 'Operands in `<6,10>` and `<2,14>` unless stated otherwise; stochastic rounding to 16 bits included.',
      },
      aims: [
        aim('1024^3, of the native 128-bit peak', '>= 75 %', first.ofPeak, percentText),
        aim('1024^3, of the wasm register-only loop', '>= 85 %', first.ofLimit, percentText),
      ],
      data: { limit, peak, rows },
    };
  } finally {
    for (const one of cases) await one.close();
  }
}

async function measureOps(context, { wasm }, network) {
  const start = await context.trained.of(network);
  const ops = await openOps(network, start);
  try {
    const rounds = [];
    const run = async (count) => {
      const seconds = await ops.run(count);
      rounds.push(ops.take());
      return seconds;
    };
    const times = await measure(`kernels, ${network}`, [wasm, { name: network, run }], context);
    const limit = rates(times.get(wasm.name), LIMIT_MACS);
    // The rounds before belong to the warming up.
    const measured = rounds.slice(-times.get(network).filter((time) => time !== undefined).length);
    const total = measured.map((round) => round.reduce((sum, { seconds }) => sum + seconds, 0));
    const rows = measured[0].map(({ name, macs }, index) => {
      const seconds = measured.map((round) => round[index].seconds);
      const speed = macs > 0 ? rates(seconds, macs) : null;
      return {
        ...{ name, ways: measured.at(-1)[index].ways, seconds: summary(seconds) },
        share: summary(seconds.map((value, round) => value / total[round])),
        speed: speed && summary(speed),
        ofLimit: speed && ratio(speed, limit),
      };
    });
    return {
      table: {
        title: `Ops of a training step of ${network} on one thread, batch 100`,
        head: ['op', 'way', 'ms', 'share of the step', 'GMAC/s', 'of the wasm limit'],
        rows: rows
          .filter(({ share }) => share.median >= LEAST_SHARE)
          .map(({ name, ways, seconds, share, speed, ofLimit }) => [
            ...[name, ways, numberText(seconds.median * 1000)],
            ...[`${(100 * share.median).toFixed(1)} %`, speed ? gigas(speed) : '-'],
            ofLimit ? percentText(ofLimit) : '-',
          ]),
        note: `After ${start.from} steps on ${start.set}; ops below ${100 * LEAST_SHARE} % of the step are left out. Multiply-adds with padding are not counted.`,
      },
      data: { network, set: start.set, rows },
    };
  } finally {
    await ops.close();
  }
}
