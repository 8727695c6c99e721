/** The range analysis: octaves against BigInt, rates against the counters of real runs, backends against each other. */
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  analyzeRanges,
  executeRun,
  rangeChart,
  rangeLines,
  rangePage,
  rangeRows,
  type RangeAnalysis,
  type RunConfiguration,
} from '../../src/experiment/index.js';
import { readMetrics, RunFolder } from '../../src/experiment/store/index.js';
import { MagnitudeCounts } from '../../src/experiment/formats/magnitudes.js';
import { intervalLines, siteTotals } from '../../src/experiment/run/metrics.js';
import { readCheckpoint } from '../../src/experiment/store/run-folder.js';
import { float32Network } from '../../src/experiment/run/configuration.js';
import { WideRates } from '../../src/experiment/formats/wide-rates.js';
import { defineNetwork } from '../../src/nn/index.js';
import { keepTrainingTensors } from '../../src/plan/index.js';
import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';
import { CONFIGURATION, DATA, temporaryFolder } from './support.js';

const folder = temporaryFolder();

describe('magnitudes', () => {
  it('of raw integers lie in the octave of their top bit', () => {
    const counts = new MagnitudeCounts();
    const raws = [0, 1, -1, 2, 3, -4, 2147483647, -2147483648];
    counts.addRaws(raws, 12);
    expect({ elements: counts.elements, zeros: counts.zeros }).toEqual({ elements: 8, zeros: 1 });
    expect(counts.bins).toEqual([
      { exponent: -12, count: 2 },
      { exponent: -11, count: 2 },
      { exponent: -10, count: 1 },
      { exponent: 18, count: 1 },
      { exponent: 19, count: 1 },
    ]);
    expect(counts.median).toBe(-11);
  });

  it('of float32 are the same, down to the smallest and without infinities', () => {
    for (let exponent = -149; exponent <= 127; exponent++) {
      const counts = new MagnitudeCounts();
      counts.addFloats(
        Float32Array.of(2 ** exponent, -(2 ** exponent), exponent > -126 ? 1.99 * 2 ** exponent : 0),
      );
      expect(counts.bins).toEqual([{ exponent, count: exponent > -126 ? 3 : 2 }]);
    }
    const special = new MagnitudeCounts();
    special.addFloats(Float32Array.of(NaN, Infinity, -Infinity, 0, -0));
    const { elements, zeros, notFinite, bins, median } = special;
    expect({ elements, zeros, notFinite, bins, median }).toEqual({
      elements: 5,
      zeros: 2,
      notFinite: 3,
      bins: [],
      median: null,
    });
  });
});

describe('a plan that keeps its tensors', () => {
  const plan = defineNetwork(CONFIGURATION.network).plan(20);
  const kept = keepTrainingTensors(plan);

  it('is the same plan except for memory', () => {
    const placeless = ({ tensors, ...rest }: typeof plan) => ({
      ...rest,
      arenaBytes: 0,
      tensors: tensors.map((tensor) => ({ ...tensor, offset: 0, persistent: false })),
    });
    expect(placeless(kept)).toEqual(placeless(plan));
  });

  it('lets no two tensors of a training step share memory', () => {
    const own = kept.tensors
      .filter(({ name }) => !name.startsWith('inference/'))
      .sort((a, b) => a.offset - b.offset);
    own.slice(1).forEach((tensor, i) => {
      expect(tensor.offset).toBeGreaterThanOrEqual(own[i]!.offset + own[i]!.sizeBytes);
    });
  });
});

describe('rates of float32 values', () => {
  it('are what the rounding sites would count', () => {
    const network = { ...CONFIGURATION.network, formats: '<4,4>', rounding: 'nearest' } as const;
    const plan = defineNetwork(network).plan(20);
    const find = (name: string) => plan.tensors.find((tensor) => tensor.name === name)!;
    const rates = new WideRates(plan, 1);
    const add = (name: string, values: readonly number[]): MagnitudeCounts => {
      const counts = new MagnitudeCounts();
      rates.add(find(name), counts, Float32Array.from(values), 0);
      return counts;
    };
    // Steps of 1/16 up to 127/16.
    add('fc1/output', [0, 0.01, 0.03125, 7.95, 8, -8, -8.1, 100]);
    expect(rates.rates(find('fc1/output'))).toEqual({ saturated: 3 / 8, flushed: 1 / 8, swallowed: null });
    add('fc1/weight.update', [0, 0.01, 0.05, -0.02]);
    expect(rates.rates(find('fc1/weight')).swallowed).toBe(0.5);
    // The sum over 20 examples is stored divided by 32.
    expect(add('fc1/weight.gradient', [32]).bins).toEqual([{ exponent: 0, count: 1 }]);
    expect(rates.rates(find('input'))).toEqual({ saturated: 0, flushed: 0, swallowed: null });
  });
});

describe('the analysis of a network', () => {
  const request = (changes: Partial<RunConfiguration> = {}) => ({
    configuration: { ...CONFIGURATION, ...changes },
    train: DATA.train,
    checkpoint: null,
    steps: 4,
    observe: 2,
  });
  let analysis: RangeAnalysis;
  beforeAll(async () => {
    analysis = await analyzeRanges(request());
  });

  it('has every tensor that is rounded, counted in the observed steps', () => {
    expect(analysis).toMatchObject({ arithmetic: 'float32', firstStep: 0, lastStep: 4, observed: 2 });
    expect(analysis.tensors.map(({ name }) => name)).toEqual([
      ...['input', 'fc1/weight', 'fc1/weight.update', 'fc1/bias', 'fc1/bias.update'],
      ...['fc2/weight', 'fc2/weight.update', 'fc2/bias', 'fc2/bias.update'],
      ...['fc1/output', 'fc2/output', 'loss/error', 'fc2/dInput'],
      ...['fc2/weight.gradient', 'fc2/bias.gradient', 'fc1/weight.gradient', 'fc1/bias.gradient'],
    ]);
    for (const { bins, zeros, notFinite, elements, il, headroomBits } of analysis.tensors) {
      expect(bins.reduce((sum, { count }) => sum + count, zeros + notFinite)).toBe(elements);
      expect(headroomBits).toBe(il - 2 - bins.at(-1)!.exponent);
    }
    expect(analysis.tensors.find(({ name }) => name === 'input')?.elements).toBe(2 * 20 * 784);
  });

  it('is the same again', async () => {
    expect(await analyzeRanges(request())).toEqual(analysis);
  });

  it('has a page that is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(await faultsOnTelephone(rangePage(analysis))).toEqual([]);
  });

  it('is shown in rows, lines, a chart and a page', () => {
    expect(rangeRows(analysis).map(([name]) => name)).toEqual(analysis.tensors.map(({ name }) => name));
    const { lines, low, high } = rangeLines(analysis);
    for (const line of lines) expect(line.replace(/[[\]]/g, '').length).toBe(high - low + 1);
    const { document } = parseHTML(rangeChart(analysis));
    expect([...document.querySelectorAll('text')].map(({ textContent }) => textContent)).toEqual(
      expect.arrayContaining(analysis.tensors.map(({ name }) => name)),
    );
    expect(rangeChart(analysis)).not.toContain('NaN');
    expect(rangePage(analysis)).not.toMatch(/(?:src|href)="/);
  });

  it('takes formats away from every layer for float32', () => {
    const [first, second] = CONFIGURATION.network.layers;
    const layers = [{ ...first!, formats: '<2,14>' } as NonNullable<typeof first>, second!];
    const network = float32Network({ ...CONFIGURATION.network, layers });
    expect(network.layers).toEqual(CONFIGURATION.network.layers);
    expect(defineNetwork(network).arithmetic).toBe('float32');
  });

  it('needs formats, and ends when aborted', async () => {
    const network = float32Network(CONFIGURATION.network);
    await expect(analyzeRanges(request({ network }))).rejects.toThrow(
      'analyze: a network must have fixed-point formats to hold its ranges against, got float32; name some with --formats 4.12/6.10',
    );
    const reason = new Error('enough');
    await expect(analyzeRanges(request(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('the analysis of a run', () => {
  it('counts the same as the continued run itself, on every backend', async () => {
    const run = async (steps: number) => {
      const path = `${folder}/run-${String(steps)}`;
      const configuration = { ...CONFIGURATION, steps };
      const opened = RunFolder.create(path, configuration);
      const outcome = await executeRun(opened, configuration, null, { data: DATA, now: () => 0 });
      opened.close();
      expect(outcome.status).toBe('done');
      return { path, configuration, bytes: readCheckpoint(path)! };
    };
    const short = await run(2);
    const long = await run(8);
    const before = siteTotals(intervalLines(readMetrics(short.path)));
    const after = siteTotals(intervalLines(readMetrics(long.path)));
    const [reference, wasm] = await Promise.all(
      (['reference', 'wasm'] as const).map((backend) =>
        analyzeRanges({
          configuration: { ...short.configuration, backend },
          train: DATA.train,
          checkpoint: { file: 'checkpoint', bytes: new Uint8Array(short.bytes) },
          steps: 6,
          observe: 3,
        }),
      ),
    );
    expect(wasm).toEqual(reference);
    expect(reference).toMatchObject({ arithmetic: 'run', firstStep: 2, lastStep: 8, observed: 3 });
    for (const { name, saturated, flushed, swallowed } of reference!.tensors) {
      const [a, b] = [before.get(name), after.get(name)];
      if (name === 'input') {
        expect([a, b]).toEqual([undefined, undefined]);
        continue;
      }
      const elements = b!.elements - a!.elements;
      const high = b!.saturatedHigh - a!.saturatedHigh + (b!.saturatedLow - a!.saturatedLow);
      expect({ name, saturated, flushed }).toEqual({
        name,
        saturated: high / elements,
        flushed: (b!.flushed - a!.flushed) / elements,
      });
      if (swallowed !== null) expect(swallowed).toBe((b!.swallowed - a!.swallowed) / elements);
    }
  });
});
