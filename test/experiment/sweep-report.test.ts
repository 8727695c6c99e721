/**
 * The report of a sweep: the exact contents of its charts; its page shows them, loads nothing and never turns
 * a NaN into a zero.
 */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import {
  expandSweep,
  groupBySeed,
  sweepReportPage,
  type EpochLine,
  type MetricsLine,
  type RunConfiguration,
  type SweepDefinition,
  type SweepReportRun,
} from '../../src/experiment/index.js';
import { bitsText, costAxis, settingAxis } from '../../src/experiment/report/sweep-axes.js';
import { bitAxis, bitCounter } from '../../src/experiment/report/sweep-bits.js';
import { heatTable } from '../../src/experiment/report/sweep-heat-map.js';
import {
  heatFields,
  heatMap,
  paretoFront,
  alongAxis,
  sweepAxis,
} from '../../src/experiment/report/sweep-series.js';
import { settingFields, sweepSettings } from '../../src/experiment/report/sweep-groups.js';
import { fieldsName, fieldTextIn } from '../../src/experiment/sweep/run-fields.js';
import { defineNetwork } from '../../src/nn/index.js';
import { planTotals } from '../../src/plan/index.js';
import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';
import { CONFIGURATION, intervalLine } from './support.js';

const BASE: RunConfiguration = {
  ...CONFIGURATION,
  network: { ...CONFIGURATION.network, formats: '<4,12>' },
};

function epochLine(epoch: number, testErrorPercent: number, changes: Partial<EpochLine> = {}): EpochLine {
  const rest = { loss: 0.1, trainErrorPercent: 1, testLoss: 0.1, stepsPerSecond: 5 };
  return { event: 'epoch', epoch, step: 4 * epoch, partial: false, testErrorPercent, ...rest, ...changes };
}

/** The outcome of a run: errors after its epochs (NaN if it diverged), and its state. */
type Outcome =
  readonly number[] | { readonly errors: readonly number[]; readonly state: SweepReportRun['state'] };

/** The runs of a sweep as if they had been made. */
function sweepRuns(
  space: Omit<SweepDefinition, 'run'>,
  outcomeOf: (values: Readonly<Record<string, unknown>>, index: number) => Outcome,
): SweepReportRun[] {
  return expandSweep({ run: BASE, ...space }, 'sweep').runs.map(({ name, values, configuration }, index) => {
    const outcome = outcomeOf(values, index);
    const { errors, state } = 'errors' in outcome ? outcome : { errors: outcome, state: 'done' as const };
    const site = {
      elements: 32,
      saturatedHigh: 0,
      saturatedLow: 0,
      flushed: 0,
      maxMagnitude: 1,
      swallowed: 2 * index,
      gradients: 31,
      swallowedGradients: 2 * index,
    };
    const gradient = { ...site, flushed: 1, swallowed: 0, gradients: 0, swallowedGradients: 0 };
    const sites =
      configuration.network.formats === 'float32'
        ? {}
        : { 'fc1/weight': site, 'fc1/weight.gradient': gradient };
    const metrics: MetricsLine[] = errors.flatMap((error, i) => [
      intervalLine(4 * i, 4 * i + 4, { epoch: i + 1, sites }),
      epochLine(
        i + 1,
        Number.isNaN(error) ? 91 : error,
        Number.isNaN(error) ? { testLoss: null, loss: null } : {},
      ),
    ]);
    const last = errors.at(-1);
    return {
      name,
      path: `sweep/${name}`,
      state,
      configuration,
      metrics,
      epochs: errors.length,
      steps: 4 * errors.length,
      testErrorPercent: last === undefined ? null : Number.isNaN(last) ? 91 : last,
      trainErrorPercent: last === undefined ? null : 1,
      loss: last === undefined || Number.isNaN(last) ? null : 0.1,
      isDiverged: Number.isNaN(last),
      stepsPerSecond: 5,
      digest: state === 'done' ? 'a'.repeat(64) : null,
      pruned: null,
      problem: state === 'failed' ? 'no <luck>' : null,
    };
  });
}

/** Formats, roundings and seeds; float32 beside them. */
const GRID = {
  grid: { formats: ['float32', '4.12', '4.8'], rounding: ['stochastic', 'nearest'], seed: [1, 2] },
};
const RUNS = sweepRuns(GRID, ({ formats, rounding, seed }) => {
  if (formats === 'float32') return [20, Number(seed)];
  if (formats === '4.12') return rounding === 'nearest' ? [30, 4] : [20, 2 + Number(seed)];
  return rounding === 'nearest' ? [90, seed === 2 ? NaN : 80] : [40, 10 * Number(seed)];
});
const FIELDS = settingFields(RUNS);
const SETTINGS = sweepSettings(RUNS, FIELDS);

/** What would be fetched, were the page opened. */
function networkReferences(html: string): string[] {
  const { document } = parseHTML(html);
  return [
    ...[...document.querySelectorAll('[src], link, script, iframe, [href], object, embed')].map(
      ({ tagName }) => tagName,
    ),
    ...(html.replaceAll('http://www.w3.org/2000/svg', '').match(/https?:|url\(|@import/g) ?? []),
  ];
}

describe('settings', () => {
  it('are runs that differ in nothing but their seed, with mean and range', () => {
    expect(FIELDS).toEqual(['formats', 'rounding']);
    expect(SETTINGS.map(({ name, runs, error, diverged }) => [name, runs.length, error, diverged])).toEqual([
      ['float32', 2, { mean: 1.5, low: 1, high: 2 }, 0],
      ['4.12 stochastic', 2, { mean: 3.5, low: 3, high: 4 }, 0],
      ['4.12 nearest-away', 2, { mean: 4, low: 4, high: 4 }, 0],
      ['4.8 stochastic', 2, { mean: 15, low: 10, high: 20 }, 0],
      ['4.8 nearest-away', 2, null, 1],
    ]);
    expect(SETTINGS.map(({ flushed }) => flushed?.mean ?? null)).toEqual([
      null,
      1 / 32,
      1 / 32,
      1 / 32,
      1 / 32,
    ]);
    expect(SETTINGS[1]?.lost).toEqual({ mean: 0.1875, low: 0.15625, high: 0.21875 });
    expect(SETTINGS.map(({ swallowed }) => swallowed)).toEqual([
      null,
      { mean: 0.15625, low: 0.125, high: 0.1875 },
      { mean: 0.28125, low: 0.25, high: 0.3125 },
      { mean: 0.40625, low: 0.375, high: 0.4375 },
      { mean: 0.53125, low: 0.5, high: 0.5625 },
    ]);
  });

  it('have a NaN in the curve of means if a seed has one', () => {
    expect(SETTINGS[3]?.curve).toEqual([
      { x: 1, errorPercent: 40, range: [40, 40] },
      { x: 2, errorPercent: 15, range: [10, 20] },
    ]);
    expect(SETTINGS[4]?.curve[1]).toEqual({ x: 2, errorPercent: null });
  });

  it('take means over the runs that are done', () => {
    const runs = sweepRuns({ grid: { seed: [1, 2, 3, 4] } }, ({ seed }) => {
      if (seed === 1) return { errors: [50], state: 'pruned' };
      if (seed === 2) return { errors: [], state: 'planned' };
      return [60, 10 * Number(seed)];
    });
    const [only, ...others] = sweepSettings(runs, settingFields(runs));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ name: '', error: { mean: 35, low: 30, high: 40 }, diverged: 0 });
    expect(only?.curve.map(({ errorPercent }) => errorPercent)).toEqual([60, 35]);
    const pruned = sweepSettings(runs.slice(0, 2), []);
    expect(pruned[0]).toMatchObject({ error: null, curve: [{ x: 1, errorPercent: 50 }] });
    expect(groupBySeed([{ configuration: null }, { configuration: BASE }])).toHaveLength(1);
  });
});

describe('fields by role', () => {
  const withFormats = (formats: RunConfiguration['network']['formats']): RunConfiguration => ({
    ...BASE,
    network: { ...BASE.network, formats },
  });

  it('have the defaults of unnamed roles', () => {
    const some = withFormats({ weight: '<4,12>', activation: '<6,10>' });
    const texts = (field: string, configuration = some) => fieldTextIn(configuration, field);
    expect(['weight', 'bias', 'activation'].map((role) => texts(`formats.${role}`))).toEqual([
      '4.12',
      '4.12',
      '6.10',
    ]);
    expect(texts('formats.update', withFormats('<4,8>'))).toBe('4.8');
    expect(texts('formats.update', withFormats('float32'))).toBe('float32');
    const rounding = { ...BASE, network: { ...BASE.network, rounding: { update: 'nearest-away' } as const } };
    expect(['update', 'weight'].map((role) => texts(`rounding.${role}`, rounding))).toEqual([
      'nearest-away',
      'stochastic',
    ]);
    expect([texts('formats'), texts('batch'), texts('formats.luck'), texts('luck')]).toEqual([
      '4.12/6.10',
      '20',
      undefined,
      undefined,
    ]);
  });

  it('are named by role, float32 once', () => {
    const fields = ['formats.weight', 'formats.activation', 'seed'];
    expect(fieldsName({ 'formats.weight': '4.8', 'formats.activation': '6.10', seed: '1' }, fields)).toBe(
      'weight=4.8 activation=6.10 seed=1',
    );
    expect(fieldsName({ 'formats.weight': 'float32', 'formats.activation': 'float32' }, fields)).toBe(
      'float32',
    );
  });
});

describe('bits', () => {
  const bits = bitCounter();
  const network = (formats: RunConfiguration['network']['formats']): RunConfiguration => ({
    ...BASE,
    network: { ...BASE.network, formats },
  });

  it('moved are those of the plan, by example', () => {
    const { trainBits } = planTotals(defineNetwork(BASE.network).plan(BASE.batch));
    expect(bits(BASE, [])).toMatchObject({ movedPerExample: trainBits / 20, perNumber: 16 });
    expect(bits(network('<4,8>'), []).perNumber).toBe(12);
    expect(bits(network('float32'), []).perNumber).toBe(32);
  });

  it('are weighed by the steps of each stage of a precision schedule', () => {
    const stages = {
      ...BASE,
      network: { ...BASE.network, precisionSchedule: [{ epoch: 1, formats: '<4,8>' }] },
    };
    const change: MetricsLine = {
      ...{ event: 'precision', epoch: 2, step: 4, stage: 1, reason: 'epoch' },
      ...{ formats: {}, rounding: {}, sites: {} },
    };
    const lines: MetricsLine[] = [epochLine(1, 5), change, epochLine(2, 5), epochLine(4, 5)];
    expect(bits(stages, []).perNumber).toBe(16);
    expect(bits(stages, lines).perNumber).toBe((16 * 4 + 12 * 12) / 16);
    const moved = (formats: RunConfiguration['network']['formats']): number =>
      bits(network(formats), []).movedPerExample;
    expect(bits(stages, lines).movedPerExample).toBe((moved('<4,12>') * 4 + moved('<4,8>') * 12) / 16);
  });

  it('make the axis that tells the formats apart', () => {
    const axisOf = (...formats: RunConfiguration['network']['formats'][]) =>
      bitAxis(formats.map((one) => bits(network(one), [])));
    expect(axisOf('float32', '<4,12>', '<4,8>')).toEqual({
      label: 'Fraction bits (FL)',
      values: [null, 12, 8],
    });
    expect(axisOf('<2,12>', '<4,12>')).toEqual({ label: 'Integer bits (IL)', values: [2, 4] });
    expect(axisOf('<2,12>', '<4,12>', '<4,8>', '<2,8>')?.label).toBe('Word length in bits');
    const weights = (format: string) => ({
      ...{ weight: format, bias: '<4,12>', activation: '<6,10>' },
      ...{ error: '<4,12>', gradient: '<4,12>', update: '<4,12>' },
    });
    expect(axisOf(weights('<4,12>'), weights('<4,6>'))).toEqual({
      label: 'Fraction bits (FL) of the weights',
      values: [12, 6],
    });
    const mixed = axisOf(
      { weight: '<4,12>', activation: '<6,10>' },
      { weight: '<4,8>', activation: '<6,6>' },
    );
    expect(mixed).toEqual({ label: 'Mean bits per stored number', values: [16, 12] });
    expect(axisOf('<4,12>', '<4,12>', 'float32')).toBeNull();
    expect(axisOf('float32')).toBeNull();
    const layered = (format: string): RunConfiguration => {
      const [first, ...others] = BASE.network.layers;
      const layers = [{ ...first!, formats: { weight: format } }, ...others] as typeof BASE.network.layers;
      return { ...BASE, network: { ...BASE.network, layers } };
    };
    expect(bitAxis([bits(layered('<4,12>'), []), bits(layered('<4,9>'), [])])).toEqual({
      label: 'Fraction bits (FL) of fc1/weight',
      values: [12, 9],
    });
  });
});

describe('series', () => {
  it('lie along bits, float32 as a level', () => {
    const along = alongAxis(SETTINGS, FIELDS)!;
    expect(along.axis).toMatchObject({ label: 'Fraction bits (FL)', fields: ['formats'] });
    expect(along.levels.map(({ name }) => name)).toEqual(['float32']);
    expect(
      along.series.map(({ name, points }) => [name, points.map(({ x, setting }) => [x, setting.error?.mean])]),
    ).toEqual([
      ['stochastic', [[8, 15], [12, 3.5]]],
      ['nearest-away', [[8, undefined], [12, 4]]],
    ]); // prettier-ignore
    expect([along.named, along.hidden]).toEqual([['rounding'], []]);
  });

  it('lie along random bits or numbers if formats do not vary', () => {
    const axis = (space: Omit<SweepDefinition, 'run'>) => {
      const runs = sweepRuns(space, () => [5]);
      const fields = settingFields(runs);
      return sweepAxis(sweepSettings(runs, fields), fields);
    };
    expect(axis({ list: ['4.12 nearest', '4.12 stochastic:2', '4.12 stochastic:8'] })).toMatchObject({
      label: 'Random bits of stochastic rounding',
      type: 'linear',
      values: [null, 2, 8],
    });
    expect(axis({ grid: { randomBits: [1, 4, 16] } })?.type).toBe('log');
    expect(axis({ grid: { learningRate: [0.001, 0.1] } })).toMatchObject({
      label: 'learningRate',
      type: 'log',
    });
    expect(axis({ grid: { momentum: [0, 0.5, 0.9] } })).toMatchObject({
      type: 'linear',
      values: [0, 0.5, 0.9],
    });
    expect(axis({ grid: { rounding: ['stochastic', 'nearest'] } })).toBeNull();
    expect(axis({ grid: { seed: [1, 2] } })).toBeNull();
  });

  it('differ in one field if all would make too many', () => {
    const runs = sweepRuns(
      {
        grid: {
          formats: ['4.12', '4.8'],
          rounding: ['stochastic', 'nearest'],
          momentum: [0, 0.1, 0.2, 0.3, 0.4],
        },
      },
      () => [5],
    );
    const fields = settingFields(runs);
    const { series, named, hidden } = alongAxis(sweepSettings(runs, fields), fields)!;
    expect([series.length, named, hidden]).toEqual([2, ['rounding'], ['momentum']]);
  });
});

describe('the Pareto front', () => {
  it('has the settings that no other beats in both', () => {
    expect(paretoFront(SETTINGS).map(({ name }) => name)).toEqual([
      '4.8 stochastic',
      '4.12 stochastic',
      'float32',
    ]);
    expect(paretoFront(SETTINGS.filter(({ name }) => name === '4.8 nearest-away'))).toEqual([]);
    // Of two at one cost the better one, of two alike the first.
    const [a] = SETTINGS.slice(1, 2);
    expect(paretoFront([SETTINGS[2]!, a!, { ...a!, name: 'again' }])).toEqual([a]);
  });
});

describe('the heat map', () => {
  const map = heatMap(SETTINGS, FIELDS, heatFields(SETTINGS, FIELDS)!);

  it('has a mean per cell, and one wide cell for a run without the field', () => {
    expect([map.y, map.x, map.columns, map.within]).toEqual([
      'formats',
      'rounding',
      ['stochastic', 'nearest-away'],
      [],
    ]);
    expect(
      map.rows.map(({ value, isWide, cells }) => [
        value,
        isWide,
        cells.map((cell) => cell?.error?.mean ?? null),
      ]),
    ).toEqual([
      ['float32', true, [1.5]],
      ['4.12', false, [3.5, 4]],
      ['4.8', false, [15, null]],
    ]);
    expect(map.rows[2]?.cells[1]).toEqual({ error: null, diverged: 1, runs: 2, settings: 1 });
  });

  it('shows a cross if a seed diverged, and shades by ratio', () => {
    const { document } = parseHTML(`<html><body>${heatTable(map)}</body></html>`);
    const cells = [...document.querySelectorAll('td')].map((cell) => [
      cell.textContent,
      cell.getAttribute('style'),
      cell.getAttribute('colspan'),
    ]);
    expect(cells).toEqual([
      ['1.50 %1.00 to 2.00', '--v: 6%', '2'],
      ['3.50 %3.00 to 4.00', '--v: 26.56%', null],
      ['4.00 %', '--v: 29.84%', null],
      ['15.00 %10.00 to 20.00', '--v: 62%', null],
      ['✕1 of 2 diverged', null, null],
    ]);
    expect(document.querySelector('.scale')?.textContent).toBe('1.50 %15.00 %');
  });

  it('takes chosen fields: the best of several settings in a cell, a seed, a role', () => {
    const chosen = heatMap(SETTINGS, FIELDS, { x: 'seed', y: 'formats' });
    expect(chosen.columns).toEqual(['1', '2']);
    expect(chosen.within).toEqual(['rounding']);
    expect(chosen.rows.map(({ cells }) => cells.map((cell) => cell?.error?.mean ?? null))).toEqual([
      [1, 2],
      [3, 4],
      [10, 20],
    ]);
    const runs = sweepRuns(
      { grid: { 'formats.weight': ['4.12', '4.8'], 'formats.activation': ['6.10', '6.6', '4.4'] } },
      (_, index) => [index + 1],
    );
    const settings = sweepSettings(runs, settingFields(runs));
    // Formats by role are a field a role.
    const roles = heatFields(settings, settingFields(runs))!;
    expect(settings.map(({ name }) => name).slice(0, 2)).toEqual([
      'weight=4.12 activation=6.10',
      'weight=4.12 activation=6.6',
    ]);
    expect(roles).toEqual({ x: 'formats.activation', y: 'formats.weight' });
    const byRole = heatMap(settings, settingFields(runs), roles);
    expect(byRole.columns).toEqual(['6.10', '6.6', '4.4']);
    expect(byRole.rows.map(({ cells }) => cells.map((cell) => cell?.error?.mean))).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    // A run without the field, beside runs that have it, has a separate column.
    expect(heatMap(SETTINGS, FIELDS, { x: 'rounding', y: 'batch' })).toMatchObject({
      columns: ['stochastic', 'nearest-away', '–'],
      rows: [{ value: '20', isWide: false }],
    });
  });

  it('appears automatically for exactly two fields', () => {
    expect(heatFields(SETTINGS, ['formats'])).toBeNull();
    expect(heatFields(SETTINGS, ['formats', 'rounding', 'batch'])).toBeNull();
    expect(heatFields(SETTINGS, [])).toBeNull();
  });
});

describe('axes', () => {
  it('mark every value if there is room, else round numbers', () => {
    const axis = (type: 'log' | 'linear', ...values: number[]) =>
      settingAxis({ label: '', type, fields: [], values }).ticks;
    expect(axis('linear', 12, 8, 8, 10)).toEqual([8, 10, 12]);
    expect(axis('linear', 10)).toEqual([10]);
    expect(axis('linear', 1, 1.01, 1.02, 3)).toEqual([1, 1.5, 2, 2.5, 3]);
    expect(axis('log', 0.01, 0.1, 30)).toEqual([0.01, 0.1, 30]);
    expect(axis('log', 0.01, 0.011, 0.3)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2]);
  });

  it('of bits begin at 0 or near the smallest, or are logarithmic over orders of magnitude', () => {
    const axis = (...costs: number[]) => {
      const { label, type, low, high, ticks, text } = costAxis(costs);
      return [label.split(' ')[0], type, low, high, ticks.map((tick) => text?.(tick))];
    };
    expect(axis(1e6, 5e6)).toEqual(['Mbit', 'linear', 0, 5.4e6, ['0', '1', '2', '3', '4', '5']]);
    expect(axis(1.2e6, 1.7e6)).toEqual([
      ...['Mbit', 'linear', 1.15e6, 1.75e6],
      ['1.2', '1.3', '1.4', '1.5', '1.6', '1.7'],
    ]);
    expect(costAxis([2e3, 9e6])).toMatchObject({ type: 'log', ticks: [1e4, 1e5, 1e6, 1e7] });
    expect([12, 1234, 1.5e6, 2e10].map(bitsText)).toEqual(['12 bit', '1.23 kbit', '1.5 Mbit', '20 Gbit']);
  });
});

describe('the page', () => {
  it('shows every run as a mark, a cross for what diverged, and loads nothing', async () => {
    const html = await sweepReportPage({ name: 'runs/sweep', runs: RUNS, isHalving: false });
    expect(networkReferences(html)).toEqual([]);
    expect(html).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(html).toContain('prefers-color-scheme: dark');
    const { document } = parseHTML(html);
    const figure = (name: string): Element =>
      [...document.querySelectorAll('figure')].find((one) => one.textContent?.includes(name))!;
    const titles = (of: Element, selector: string): (string | null)[] =>
      [...of.querySelectorAll(`${selector} title`)].map((title) => title.textContent);
    const error = figure('Fraction bits (FL)');
    expect(titles(error, '.mark')).toEqual([
      'formats-4.8-rounding-stochastic-seed-1: test error 10.00 %',
      'formats-4.8-rounding-stochastic-seed-2: test error 20.00 %',
      'formats-4.12-rounding-stochastic-seed-1: test error 3.00 %',
      'formats-4.12-rounding-stochastic-seed-2: test error 4.00 %',
      'formats-4.8-rounding-nearest-seed-1: test error 80.00 %',
      'formats-4.12-rounding-nearest-seed-1: test error 4.00 %',
      'formats-4.12-rounding-nearest-seed-2: test error 4.00 %',
    ]);
    expect(titles(error, '.no-number')).toEqual(['formats-4.8-rounding-nearest-seed-2: diverged']);
    expect(titles(figure('Lost gradients'), '.mark')[0]).toBe(
      'formats-4.8-rounding-stochastic-seed-1: 40.63 % of gradients lost',
    );
    const pareto = figure('Pareto front');
    expect([...pareto.querySelectorAll('.label')].map((label) => label.textContent)).toEqual([
      'float32',
      '4.12 stochastic',
      '4.8 stochastic',
    ]);
    expect(pareto.querySelectorAll('.no-number')).toHaveLength(1);
    const rows = [...document.querySelectorAll('.results tbody tr')].map((row) =>
      [...row.querySelectorAll('td')].slice(0, 6).map((cell) => cell.textContent),
    );
    expect(rows[0]).toEqual(['float32', '–', '2 done', '1.50 %1.00 to 2.00', '1.00 %', '–']);
    expect(rows[3]).toEqual([
      '4.8',
      'stochastic',
      '2 done',
      '15.00 %10.00 to 20.00',
      '1.00 %',
      '43.75 %40.63 to 46.883.13 + 40.63',
    ]);
    expect(rows[4]?.slice(0, 4)).toEqual(['4.8', 'nearest-away', '2 done', '✕ diverged1 of 2']);
    expect(document.querySelectorAll('details')[0]?.querySelectorAll('tbody tr')).toHaveLength(10);
    // The same runs give the same page.
    expect(await sweepReportPage({ name: 'runs/sweep', runs: RUNS, isHalving: false })).toBe(html);
  });

  it('is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(
      await faultsOnTelephone(
        await sweepReportPage({ name: 'runs/a-long-path/'.repeat(8), runs: RUNS, isHalving: false }),
      ),
    ).toEqual([]);
  });

  it('shows runs that are not done as hollow marks, and why others failed', async () => {
    const runs = sweepRuns({ grid: { formats: ['4.12', '4.8', '4.6'] } }, ({ formats }) => {
      if (formats === '4.12') return [30, 5];
      return formats === '4.8' ? { errors: [60], state: 'pruned' } : { errors: [], state: 'failed' };
    });
    const html = await sweepReportPage({ name: 's', runs, isHalving: true });
    const { document } = parseHTML(html);
    const hollow = [...document.querySelectorAll('.mark path[stroke-width="1.4"] title')];
    expect(hollow.map((title) => title.textContent)).toEqual([
      'formats-4.8: test error 60.00 %, pruned after epoch 1',
      'formats-4.8: 9.38 % of gradients lost, pruned after epoch 1',
    ]);
    expect(html).toContain('formats-4.6</code>: no &#60;luck&#62;');
    expect(html).toContain('Pruned runs are hollow marks');
  });

  it('of a sweep that has not begun has its runs and no chart', async () => {
    const runs = sweepRuns(GRID, () => ({ errors: [], state: 'planned' }));
    const { document } = parseHTML(await sweepReportPage({ name: 's', runs, isHalving: false }));
    expect(document.querySelectorAll('figure')).toHaveLength(0);
    expect(document.querySelector('.tile')?.textContent).toBe('10 plannedruns');
  });

  it('draws its heat map of the fields that are chosen, and knows those that are not there', async () => {
    const heat = { x: 'seed', y: 'rounding' };
    const html = await sweepReportPage({ name: 's', runs: RUNS, isHalving: false, heat });
    expect(html).toContain('<h2>Heat map: rounding and seed</h2>');
    expect(html).toContain('formats varies within a cell');
    const bad = sweepReportPage({ name: 's', runs: RUNS, isHalving: false, heat: { x: 'luck', y: 'seed' } });
    await expect(bad).rejects.toThrow(
      'heat map: no run has a field "luck"; these vary: formats, rounding, seed',
    );
  });

  it('stays small with many runs', async () => {
    const once = sweepRuns(
      {
        grid: {
          formats: ['4.12', '4.10', '4.8', '4.6'],
          rounding: ['stochastic', 'nearest'],
          momentum: { from: 0, to: 0.9, step: 0.1 },
        },
      },
      (_, index) => [50, 20 + (index % 7)],
    );
    const runs = Array.from({ length: 25 }, (_, seed) => seed).flatMap((seed) =>
      once.map(({ configuration, name, ...run }): SweepReportRun => {
        const network = { ...configuration!.network, seed };
        return { ...run, name: `${name}-seed-${seed}`, configuration: { ...configuration!, network } };
      }),
    );
    expect(runs).toHaveLength(2000);
    const html = await sweepReportPage({ name: 's', runs, isHalving: false });
    expect(html.length).toBeLessThan(2e6);
    expect(html).toContain('The 500 runs behind these are left out');
    expect(html).toContain('The 8 best of 80 settings');
  });
});
