/** The report of a run: it shows the contents of the run, loads nothing, and never shows a NaN as zero. */
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  evaluateForReport,
  executeRun,
  histogram,
  parameterNames,
  runReportPage,
  usedData,
  type RunConfiguration,
  type RunReport,
} from '../../src/experiment/index.js';
import { lostShare } from '../../src/experiment/run/lost.js';
import { epochLines } from '../../src/experiment/run/metrics.js';
import { openStoredRun, readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import { thumbnail, valuesText } from '../../src/experiment/report/run-evaluation.js';
import { runParts } from '../../src/experiment/report/run-statistics.js';
import { Network } from '../../src/train/index.js';
import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';
import { CONFIGURATION, DATA, intervalLine, temporaryFolder } from './support.js';

const MEGABYTES = 1e6;
const PICTURE = 'data:image/png;base64,';

async function reportOf(folder: string, configuration: RunConfiguration): Promise<RunReport> {
  const run = RunFolder.create(folder, configuration);
  await executeRun(run, configuration, null, { data: DATA, now: () => 0 });
  run.close();
  const { checkpoint, result } = openStoredRun(folder);
  const network = await Network.load(checkpoint!, { backend: 'reference' });
  const histograms = [];
  for (const name of parameterNames(configuration.network)) {
    histograms.push(histogram(await network.parameter(name)));
  }
  const evaluation = await evaluateForReport(network, usedData(configuration, DATA).test);
  await network.close();
  return { name: 'runs/tiny', configuration, metrics: readMetrics(folder), result, histograms, evaluation };
}

/** What would be fetched, were the page opened. */
function networkReferences(html: string): string[] {
  const { document } = parseHTML(html);
  const links = [...document.querySelectorAll('[src], link, script, iframe, [href], object, embed')];
  return [
    ...links
      .map((element) => element.getAttribute('src') ?? element.tagName)
      .filter((src) => !src.startsWith(PICTURE)),
    ...(html
      .replaceAll(/data:image\/png;base64,[^"]*|http:\/\/www\.w3\.org\/2000\/svg/g, '')
      .match(/https?:|url\(|@import/g) ?? []),
  ];
}

describe('the report of a run', () => {
  const folder = temporaryFolder();
  let report: RunReport;
  let html = '';
  beforeAll(async () => {
    const subset = { test: 20 };
    report = await reportOf(join(folder, 'fixed'), { ...CONFIGURATION, subset });
    html = await runReportPage(report);
  });

  it('loads nothing and is small', () => {
    expect(networkReferences(html)).toEqual([]);
    expect(html.length).toBeLessThan(2 * MEGABYTES);
    expect(networkReferences('<img src="a.png"><p style="background: url(x)">http://x</p>')).toHaveLength(3);
  });

  it('has all its parts', () => {
    const { document } = parseHTML(html);
    expect([...document.querySelectorAll('h2')].map((title) => title.textContent)).toEqual([
      ...[
        'Learning curves',
        'Settings',
        'Confusion matrix',
        'Worst examples',
        'Lost gradients',
        'Tensors over time',
        'Weights',
      ],
    ]);
    expect(
      [...document.querySelectorAll('figure.chart figcaption')].map((title) => title.textContent),
    ).toEqual([...['Error', 'Lost gradients', 'Loss in nats']]);
    const tiles = [...document.querySelectorAll('.tile b')].map((tile) => tile.textContent);
    const epoch = epochLines(report.metrics).at(-1)!;
    expect(tiles.slice(0, 4)).toEqual([
      `${report.result!.testErrorPercent.toFixed(2)} %`,
      `${epoch.trainErrorPercent.toFixed(2)} %`,
      report.result!.testLoss!.toFixed(4),
      report.result!.loss!.toFixed(4),
    ]);
    // The curves end at the figures of the tiles, however long the last interval was.
    const ends = [...document.querySelectorAll('figure.chart text[font-weight="600"]')].map(
      (text) => text.textContent,
    );
    expect(ends).toEqual([tiles[1], tiles[0], tiles[3], tiles[2]]);
    const lost = lostShare(report.result!.lost)!;
    expect(tiles[4]).toBe(`${(100 * lost.lost).toFixed(2)} %`);
    expect(tiles[0]).toBe(`${report.result?.testErrorPercent.toFixed(2) ?? ''} %`);
    expect(html).toContain(report.result?.digest);
    const parts = runParts(CONFIGURATION.network, report.metrics);
    expect(document.querySelectorAll('.statistics tbody tr')).toHaveLength(
      parts.sites.length + parts.lost.length,
    );
    // Every legend has the markers of its lines.
    for (const figure of document.querySelectorAll('figure.chart')) {
      const keys = [...figure.querySelectorAll('.legend path[fill]')].map((path) =>
        path.getAttribute('fill'),
      );
      const markers = [...figure.querySelectorAll('path.marker')].map((path) => path.getAttribute('fill'));
      expect(keys).toEqual(markers);
    }
    expect(document.querySelectorAll('figure.small svg')).toHaveLength(4);
    expect(document.querySelector('.settings')?.textContent).toContain('flip,crop:2');
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(
      await faultsOnTelephone(await runReportPage({ ...report, name: 'runs/a-long-path/'.repeat(8) })),
    ).toEqual([]);
  });

  it('counts every test example once in the confusion matrix', () => {
    const { evaluation } = report;
    expect(evaluation?.evaluation.examples).toBe(20);
    expect(evaluation?.evaluation.errorPercent()).toBe(report.result?.testErrorPercent);
  });

  it('has the tensors first of which most is cut off', () => {
    const { document } = parseHTML(html);
    const rows = [...document.querySelectorAll('.statistics')].at(1)?.querySelectorAll('tbody tr') ?? [];
    const share = (text: string | null | undefined): number =>
      Number(/([\d.]+) %/.exec(text ?? '')?.[1] ?? 0);
    const severities = [...rows].map((line) => {
      const [, , saturated, flushed] = [...line.querySelectorAll('td')].map((cell) =>
        share(cell.textContent),
      );
      return Math.max(saturated! / 1, flushed! / 50);
    });
    expect(severities.length).toBeGreaterThan(2);
    expect(severities).toEqual([...severities].sort((a, b) => b - a));
    expect(document.querySelectorAll('.marked')).toHaveLength(severities.filter((one) => one >= 1).length);
  });

  it('shows the images that are taken for another class, and no others', () => {
    const { worst = [], wrong } = report.evaluation ?? {};
    expect(worst).toHaveLength(wrong!);
    expect((100 * wrong!) / 20).toBeCloseTo(report.evaluation!.evaluation.errorPercent(), 10);
    expect(worst.every(({ label, predicted }) => label !== predicted)).toBe(true);
    const probabilities = worst.map(({ labelProbability }) => labelProbability);
    expect(probabilities).toEqual([...probabilities].sort((a, b) => a - b));
    const { document } = parseHTML(html);
    const captions = [...document.querySelectorAll('.worst figure')].map(
      ({ textContent }) => textContent ?? '',
    );
    // The number and its sign stay on one line.
    for (const caption of captions)
      expect(caption).toMatch(/^is .*, [\d.]+\u00a0%; taken for .*, [\d.]+\u00a0%/);
    const images = [...document.querySelectorAll('.worst img')];
    expect(images).toHaveLength(worst.length);
    const png = decode(Buffer.from(images[0]!.getAttribute('src')!.replace(PICTURE, ''), 'base64'));
    const at = worst[0]!.index * 784;
    expect([png.width, png.height, png.channels]).toEqual([28, 28, 1]);
    expect([...png.data]).toEqual([...DATA.test.features.subarray(at, at + 784)]);
  });

  it('shows no example if all are right, and the features of a row of a table', async () => {
    const { evaluation } = report;
    const right = await runReportPage({ ...report, evaluation: { ...evaluation!, worst: [], wrong: 0 } });
    expect(right).toContain('Every test example is taken for its class.');
    const test = {
      ...{ features: Float32Array.of(5.1, -3.456, 1e-5, 0), labels: Int32Array.of(1) },
      ...{ count: 1, shape: [4] as const, classes: 2 },
    };
    const [first] = evaluation!.worst;
    const page = await runReportPage({
      ...report,
      evaluation: { ...evaluation!, test, worst: [{ ...first!, index: 0 }], wrong: 1 },
    });
    expect(parseHTML(page).document.querySelector('.worst .values')?.textContent).toBe(
      '5.1, −3.46, 0.00001, 0',
    );
    const long = { ...test, features: new Float32Array(20), shape: [20] as const };
    expect(valuesText(long, 0)).toBe('0, 0, 0, 0, 0, 0, 0, 0 and 12 more');
  });

  it('names what is missing without data and checkpoint', async () => {
    const { evaluation: _, ...rest } = report;
    const without = await runReportPage({ ...rest, evaluation: null, note: 'the data are gone' });
    expect(without).toContain('the data are gone');
    expect(without).not.toContain('Confusion matrix');
    const begun = await runReportPage({
      ...rest,
      metrics: [],
      result: null,
      histograms: [],
      evaluation: null,
    });
    expect(begun).toContain('The run is not done');
    expect(begun).toContain('There is no checkpoint yet.');
    expect(begun).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('marks the step at which a network diverged', async () => {
    const network = {
      ...CONFIGURATION.network,
      formats: 'float32' as const,
      optimizer: { kind: 'sgd' as const, learningRate: 1e30 },
    };
    const { rounding: _, ...float } = network;
    const diverged = await reportOf(join(folder, 'float'), { ...CONFIGURATION, network: float });
    expect(diverged.result?.testLoss).toBeNull();
    expect(diverged.evaluation).toMatchObject({ worst: [], isDiverged: true });
    const page = await runReportPage(diverged);
    const { document } = parseHTML(page);
    expect(document.querySelector('.note.bad')?.textContent).toContain('diverged');
    expect(document.querySelectorAll('.no-number').length).toBeGreaterThan(0);
    expect([...document.querySelectorAll('.tile b')].slice(0, 4).map((tile) => tile.textContent)).toEqual([
      ...['no number', 'no number', 'no number', 'no number'],
    ]);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('histograms', () => {
  it('count every value once, zero in a separate bin', () => {
    const data = Int16Array.of(-8, -1, 0, 0, 1, 7);
    expect(histogram({ name: 'w', shape: [6], format: { il: 2, fl: 2 }, data })).toEqual({
      name: 'w',
      format: '<2,2>',
      count: 6,
      notNumbers: 0,
      low: -2,
      high: 1.75,
      atEdge: 2,
      bins: Array.from({ length: 16 }, (_, i) => ({
        from: (i - 8.5) / 4,
        to: (i - 7.5) / 4,
        count: [1, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 1][i],
      })),
    });
  });

  it('take floats, and leave out NaN', () => {
    const data = Float32Array.of(NaN, Infinity, -0.5, 0, 0.5, 0.5);
    const { notNumbers, low, high, bins } = histogram({ name: 'w', shape: [6], format: 'float32', data });
    expect([notNumbers, low, high]).toEqual([2, -0.5, 0.5]);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    const none = histogram({ name: 'w', shape: [1], format: 'float32', data: Float32Array.of(NaN) });
    expect(none).toMatchObject({ bins: [], notNumbers: 1 });
    const zeros = histogram({ name: 'w', shape: [2], format: 'float32', data: new Float32Array(2) });
    expect(zeros.bins).toMatchObject([{ count: 2 }]);
  });
});

describe('statistics over time', () => {
  const counts = (swallowedGradients: number, maxMagnitude: number, flushed = 0, gradients = 0) => ({
    ...{ elements: 10, saturatedHigh: 1, saturatedLow: 0, flushed },
    ...{ maxMagnitude, swallowed: 9, gradients, swallowedGradients },
  });

  it('are shares of what each part of the run rounded', () => {
    const lines = [
      intervalLine(0, 2, {
        sites: { 'fc1/weight': counts(5, 16384, 0, 8), 'fc1/weight.gradient': counts(0, 1, 2) },
      }),
      intervalLine(2, 4, {
        sites: {
          'fc1/weight': counts(0, 8192, 0, 6),
          'fc1/weight.gradient': counts(0, 1, 4),
          'fc1/output': counts(0, 1),
        },
      }),
    ];
    const { steps, sites, lost } = runParts(CONFIGURATION.network, lines);
    expect(steps).toEqual([1, 3]);
    expect(sites[0]).toEqual({
      site: 'fc1/weight',
      format: '<4,12>',
      saturated: { parts: [0.1, 0.1], total: 0.1 },
      flushed: { parts: [0, 0], total: 0 },
      range: { parts: [0.5, 0.25], total: 0.5 },
    });
    expect(sites[2]).toMatchObject({ site: 'fc1/output', format: '<6,10>' });
    expect(lost).toEqual([
      {
        parameter: 'fc1/weight',
        lost: { parts: [0.7, 0.4], total: 0.55 },
        flushed: { parts: [0.2, 0.4], total: 0.3 },
        swallowed: { parts: [0.5, 0], total: 0.25 },
        gradients: { parts: [1, 1], total: 1 },
      },
    ]);
  });

  it('join intervals if there are many', () => {
    const many = Array.from({ length: 130 }, (_, i) => intervalLine(i, i + 1));
    expect(runParts(CONFIGURATION.network, many).steps).toHaveLength(44);
  });
});

describe('pictures of examples', () => {
  const base = { labels: new Int32Array(1), count: 1, classes: 2 };

  it('are thinned out, stretched from darkest to brightest, or missing', () => {
    const wide = { ...base, features: new Uint8Array(130 * 65).fill(9), shape: [65, 130, 1] as const };
    expect(thumbnail(wide, 0)).toMatchObject({ width: 44, height: 22, channels: 1 });
    const real = { ...base, features: Float32Array.of(-1, 0, 1, 1), shape: [2, 2, 1] as const };
    expect([...thumbnail(real, 0)!.data]).toEqual([0, 128, 255, 255]);
    expect(thumbnail({ ...base, features: new Float32Array(4), shape: [4] }, 0)).toBeNull();
  });
});
