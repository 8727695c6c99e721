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
import { openStoredRun, readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import { thumbnail } from '../../src/experiment/report/run-evaluation.js';
import { runParts } from '../../src/experiment/report/run-statistics.js';
import { Network } from '../../src/train/index.js';
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
        'Tensors over time',
        'Weights',
      ],
    ]);
    expect(
      [...document.querySelectorAll('figure.chart figcaption')].map((title) => title.textContent),
    ).toEqual([...['Error', 'Swallowed updates', 'Loss in nats']]);
    const tiles = [...document.querySelectorAll('.tile b')].map((tile) => tile.textContent);
    expect(tiles[0]).toBe(`${report.result?.testErrorPercent.toFixed(2) ?? ''} %`);
    expect(html).toContain(report.result?.digest);
    expect(document.querySelectorAll('.statistics tbody tr')).toHaveLength(
      runParts(CONFIGURATION.network, report.metrics).sites.length,
    );
    expect(document.querySelectorAll('figure.small svg')).toHaveLength(4);
    expect(document.querySelector('.settings')?.textContent).toContain('flip,crop:2');
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('counts every test example once in the confusion matrix', () => {
    const { evaluation } = report;
    expect(evaluation?.evaluation.examples).toBe(20);
    expect(evaluation?.evaluation.errorPercent()).toBe(report.result?.testErrorPercent);
  });

  it('shows the images to whose label the network gives the least probability', () => {
    const worst = report.evaluation?.worst ?? [];
    expect(worst).toHaveLength(20);
    const probabilities = worst.map(({ labelProbability }) => labelProbability);
    expect(probabilities).toEqual([...probabilities].sort((a, b) => a - b));
    const { document } = parseHTML(html);
    const captions = [...document.querySelectorAll('.worst figure')].map(
      ({ textContent }) => textContent ?? '',
    );
    // The number and its sign stay on one line.
    for (const caption of captions) expect(caption).toMatch(/^is .*, [\d.]+\u00a0%/);
    const images = [...document.querySelectorAll('.worst img')];
    expect(images).toHaveLength(20);
    const png = decode(Buffer.from(images[0]!.getAttribute('src')!.replace(PICTURE, ''), 'base64'));
    const at = worst[0]!.index * 784;
    expect([png.width, png.height, png.channels]).toEqual([28, 28, 1]);
    expect([...png.data]).toEqual([...DATA.test.features.subarray(at, at + 784)]);
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
    expect(diverged.evaluation?.worst).toEqual([]);
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
  const counts = (swallowed: number, maxMagnitude: number) => ({
    ...{ elements: 10, saturatedHigh: 1, saturatedLow: 0, flushed: 0 },
    ...{ maxMagnitude, swallowed },
  });

  it('are shares of what each part of the run rounded', () => {
    const lines = [
      intervalLine(0, 2, { sites: { 'fc1/weight': counts(5, 16384) } }),
      intervalLine(2, 4, { sites: { 'fc1/weight': counts(0, 8192), 'fc1/output': counts(0, 1) } }),
    ];
    const { steps, sites } = runParts(CONFIGURATION.network, lines);
    expect(steps).toEqual([1, 3]);
    expect(sites[0]).toEqual({
      site: 'fc1/weight',
      format: '<4,12>',
      saturated: { parts: [0.1, 0.1], total: 0.1 },
      flushed: { parts: [0, 0], total: 0 },
      swallowed: { parts: [0.5, 0], total: 0.25 },
      range: { parts: [0.5, 0.25], total: 0.5 },
    });
    expect(sites[1]).toMatchObject({ site: 'fc1/output', format: '<6,10>', swallowed: null });
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
