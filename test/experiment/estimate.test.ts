/** Estimates as texts and pictures: tables, facts, charts; names of a scatter chart do not overlap. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arraySweepChart,
  arrayText,
  DARK_THEME,
  ESTIMATE_COLUMNS,
  estimateFacts,
  estimateRecords,
  estimateRows,
  rooflineChart,
  arraySweepRecords,
  arraySweepTable,
  utilisationChart,
} from '../../src/experiment/index.js';
import { placeLabels } from '../../src/experiment/draw/labels.js';
import {
  arrayConfig,
  estimateProduct,
  estimateStep,
  singleWorkload,
  sweepPoints,
  trainingWorkloads,
  type Workload,
} from '../../src/hardware/index.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { parseRounding } from '../../src/numerics/index.js';

const config = arrayConfig();
const estimate = (workloads: readonly Workload[], array = config) =>
  estimateStep(
    array,
    workloads.map((workload) => estimateProduct(array, workload)),
  );
const lenet = estimate(trainingWorkloads(defineNetwork(zoo.lenet({ seed: 1 })).plan(100)));
const cube = singleWorkload({ m: 1024, k: 1024, n: 1024 }, 16, parseRounding('stochastic'));

describe('tables', () => {
  test('have a row per product and one for all', () => {
    const rows = estimateRows(lenet);
    expect(rows).toHaveLength(12);
    expect(rows.every((row) => row.length === ESTIMATE_COLUMNS.length)).toBe(true);
    expect(rows[0]?.slice(0, 5)).toEqual(['conv1/output', '57600', '25', '8', '113,293']);
    expect(rows[11]?.[0]).toBe('all');
    expect(estimateRows(estimate([cube]))).toHaveLength(1);
  });

  test('have plain numbers for other programs', () => {
    const records = estimateRecords(lenet);
    expect(records).toHaveLength(11);
    expect(records[0]).toMatchObject({
      product: 'conv1/output',
      m: 57600,
      macs: 57600 * 25 * 8,
      lhsBits: 16,
    });
    const joules = records.map(({ joules: own }) => Number(own)).reduce((sum, own) => sum + own, 0);
    expect(joules).toBeCloseTo(lenet.total.joules, 12);
  });

  test('of a sweep begin with the fields that vary', () => {
    const rows = sweepPoints(config, [cube], { bits: [8, 16] }).map(({ labels, ...point }) => ({
      labels,
      estimate: estimate(point.workloads, point.config),
    }));
    const table = arraySweepTable(rows);
    expect(table.head[0]).toBe('WL');
    expect(table.rows.map(([first]) => first)).toEqual(['8', '16']);
    expect(arraySweepRecords(rows)[1]).toMatchObject({ WL: '16', macs: 1024 ** 3 });
  });
});

describe('facts', () => {
  const subject = { title: 'x', epoch: null, hostOps: {} };

  test('show epoch and host if any, and compare a given power with the estimate', () => {
    const epoch = { examples: 60_050, batch: 100 };
    const facts = new Map(estimateFacts(lenet, { ...subject, epoch, hostOps: { relu: 3 }, watts: 7 }));
    const seconds = lenet.total.seconds;
    expect(facts.get('time')).toContain('an epoch of 60,050 examples, 601 steps: 2.51 s');
    expect(facts.get('host')).toBe('not counted: 3 relu');
    expect(facts.get('device')).toContain(`7 W given: ${(7 * seconds * 1000).toFixed(1)} mJ`);
    expect(facts.get('paper')).toContain('260 G-ops/s and 37 G-ops/s/W, that is 7.0 W');
  });

  test('leave out what is not known', () => {
    const names = estimateFacts(lenet, subject).map(([name]) => name);
    expect(names).toEqual(['time', 'speed', 'energy', 'power', 'multiply-add', 'paper']);
  });

  test('describe the array', () => {
    expect(arrayText(config)).toBe(
      '28 x 28 PEs at 166 MHz, accumulators of 48 bits; memory 6.31 GB/s each way, buffers 1.05 MB and 524 kB',
    );
    expect(arrayText(arrayConfig({ bandwidth: Infinity }), false)).toContain(
      'PEs at 166 MHz, accumulators of 48 bits; memory unlimited',
    );
  });
});

describe('charts', () => {
  test('have a mark and a bar for every product, light and dark', async () => {
    const roofline = await rooflineChart('LeNet', lenet);
    expect(roofline.match(/stroke-width="0.8"/g)).toHaveLength(11);
    expect(roofline).toContain('peak 260.3 G-ops/s');
    expect(roofline).toContain('6.31 GB/s each way');
    const bars = await utilisationChart('LeNet', lenet, DARK_THEME);
    for (const { workload } of lenet.products) expect(bars).toContain(`>${workload.name}<`);
    expect(bars).toContain(DARK_THEME.background);
    for (const svg of [roofline, bars]) expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('do without a slope where memory never waits', async () => {
    const flat = await rooflineChart('x', estimate([cube], arrayConfig({ bandwidth: Infinity })));
    expect(flat).not.toMatch(/NaN|Infinity|GB\/s/);
  });

  test('show sweeps as bars or as heat maps', async () => {
    const chart = (fields: Parameters<typeof sweepPoints>[2]) =>
      arraySweepChart(
        'x',
        sweepPoints(config, [cube], fields).map(({ labels, ...point }) => ({
          labels,
          estimate: estimate(point.workloads, point.config),
        })),
      );
    const arrays = [8, 28].map((side) => ({ rows: side, cols: side }));
    const bars = await chart({ arrays });
    expect(bars).toContain('28x28');
    const map = await chart({ arrays, bits: [8, 16] });
    expect(map).toContain('16 bits');
    expect(map.match(/<rect /g)!.length).toBeGreaterThanOrEqual(12);
    for (const svg of [bars, map]) expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

test('names beside marks neither overlap nor leave the chart', () => {
  const area = { left: 0, right: 300, top: 0, bottom: 200 };
  const mark = fc.record({
    x: fc.integer({ min: 10, max: 290 }),
    y: fc.integer({ min: 10, max: 190 }),
    radius: fc.constant(5),
    text: fc.string({ minLength: 1, maxLength: 12 }),
  });
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 25 }), (marks) => {
      const boxes = placeLabels(marks, area).map(({ box }) => box);
      for (const [i, a] of boxes.entries()) {
        expect(a.left >= 0 && a.right <= 300 && a.top >= 0 && a.bottom <= 200).toBe(true);
        for (const b of boxes.slice(i + 1)) {
          const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          expect(apart).toBe(true);
        }
      }
    }),
    { seed: 5 },
  );
});
