/**
 * Advice from its first run to its pages: reproducible, independent of interruptions at any moment, decided
 * without the test data.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { synthetic } from '../../src/data/index.js';
import {
  adviceChart,
  adviceJson,
  adviceMarkdown,
  advicePage,
  adviceSentence,
  adviseFormats,
  completeConfiguration,
  parseRunConfiguration,
  resolutionText,
  usedData,
  verificationCells,
  type Advice,
  type AdviceContext,
  type AdviceRequest,
  type RangeAnalysis,
  type RunConfiguration,
  type RunData,
} from '../../src/experiment/index.js';
import { formatCells, trialCells } from '../../src/experiment/formats/advice-table.js';
import { openStoredRun, runComparison, type ComparisonContext } from '../../src/experiment/store/index.js';
import { float32Network } from '../../src/experiment/run/configuration.js';
import { defineNetwork, zoo } from '../../src/nn/index.js';
import { wordLength } from '../../src/numerics/index.js';
import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';
import { CONFIGURATION, temporaryFolder } from './support.js';

const folder = temporaryFolder();
const DATA: RunData = { ...synthetic({ seed: 5, train: 400, test: 60 }), digest: 'd'.repeat(64) };

const { augment: _augment, steps: _steps, ...base } = CONFIGURATION;
const TRIAL: RunConfiguration = completeConfiguration({
  ...base,
  network: {
    ...base.network,
    weightInit: 'he-normal',
    layers: [{ type: 'dense', name: 'fc1', units: 16, activation: 'relu' }, base.network.layers[1]!],
  },
  ...{ backend: 'wasm', threads: 1, epochs: 2, checkpointEvery: 7, metricsEvery: 5 },
  subset: { validation: 100 },
});
const REQUEST: AdviceRequest = {
  trial: TRIAL,
  full: { ...TRIAL, epochs: 3 },
  ...{ bits: 16, budget: 5, headroom: 1, trials: 3, seeds: 2, verifySeeds: 1 },
};

async function run(
  out: string,
  request: AdviceRequest = REQUEST,
  { onEvent, ...context }: Partial<AdviceContext> & Pick<ComparisonContext, 'onEvent'> = {},
): Promise<Advice | number> {
  let ranges: RangeAnalysis | null = null;
  const { data = DATA, signal } = context;
  const outcome = await adviseFormats(request, {
    ...{ folderOf: (parts) => join(out, ...parts), ranges },
    onRanges: (analysis) => (ranges = analysis),
    checkpointOf: (path) => ({ file: path, bytes: openStoredRun(path).checkpoint! }),
    run: (entry) =>
      runComparison([entry], { data, now: () => 0, ...(onEvent && { onEvent }), ...(signal && { signal }) }),
    data,
    ...context,
  });
  return outcome.status === 'done' ? outcome.advice : outcome.step;
}

async function done(out: string, request = REQUEST, context = {}): Promise<Advice> {
  const advice = await run(out, request, context);
  if (typeof advice === 'number') throw new Error(`interrupted at step ${advice}`);
  return advice;
}

describe('advice', () => {
  const out = join(folder, 'whole');
  let advice: Advice;
  const events: string[] = [];
  let steps = 0;
  beforeAll(async () => {
    advice = await done(out, REQUEST, {
      onEvent: (_: unknown, { event }: { event: string }) => (steps += event === 'step' ? 1 : 0),
      onBaseline: () => events.push('baseline'),
      onTrial: ({ number }: { number: number }) => events.push(`trial ${number}`),
      onVerified: ({ name }: { name: string }) => events.push(name),
    });
  });

  it('has a page that is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(await faultsOnTelephone(await advicePage(advice, { command: 'fewbit advise it' }))).toEqual([]);
  });

  it('saves bits within the budget, seen with other seeds than those that found it', () => {
    const { trials, verified, difference, confirmed, seeds, formats, groups } = advice;
    expect(trials).toHaveLength(3);
    expect(events.slice(0, 4)).toEqual(['baseline', ...trials.map(({ number }) => `trial ${number}`)]);
    expect(seeds).toEqual(['5', '6']);
    expect(verified.map(({ seeds: own }) => own)).toEqual(verified.map(() => ['7']));
    expect(verified[0]).toMatchObject({ name: 'float32', bits: null });
    expect(verified[1]?.name).toBe('16 bits throughout');
    expect(confirmed).toBe(true);
    expect(difference).toBeLessThanOrEqual(5);
    const bits = verified.at(-1)!.bits!.stored;
    expect(bits).toBeLessThan(verified[1]!.bits!.stored);
    expect(bits).toBe(
      groups.reduce((sum, { name, elements }) => sum + elements * wordLength(formats.get(name)!), 0),
    );
  });

  it('is a configuration to train: the whole training data, the formats that were verified', () => {
    const { configuration } = advice;
    expect(configuration).not.toHaveProperty('subset');
    const read = parseRunConfiguration(JSON.parse(JSON.stringify(configuration)), 'advised.json');
    expect(read.network).toEqual(configuration.network);
    expect(read).toMatchObject({ epochs: 3, batch: 20, data: 'synthetic' });
    const used = usedData(TRIAL, DATA);
    expect([used.train.count, used.test.count]).toEqual([300, 100]);
  });

  it('repeats nothing that is done', async () => {
    const again = await done(out, REQUEST, {
      onEvent: (_: unknown, { event }: { event: string }) => expect(event).toBe('never'),
    });
    expect(adviceJson(again)).toEqual(adviceJson(advice));
  });

  it('is the same after interruptions at any moment', async () => {
    const before = existsSync(out) ? readdirSync(join(out, 'trials')).sort() : [];
    const resumed = join(folder, 'resumed');
    let ranges: RangeAnalysis | null = null;
    let result: Advice | number = -1;
    let interruptions = 0;
    for (const after of [1, 31, 77]) {
      const controller = new AbortController();
      let left = after;
      result = await run(resumed, REQUEST, {
        ranges,
        onRanges: (analysis) => (ranges = analysis),
        signal: controller.signal,
        onEvent: (_, { event }) => {
          if (event === 'step' && --left === 0) controller.abort();
        },
      });
      if (typeof result === 'number') interruptions += 1;
    }
    expect(interruptions).toBe(3);
    if (typeof result === 'number') result = await done(resumed, REQUEST, { ranges });
    expect(adviceJson(result)).toEqual(adviceJson(advice));
    expect(readdirSync(join(resumed, 'trials')).sort()).toEqual(before);
    expect(steps).toBeGreaterThan(200);
  });

  it('does not look at the test data before it is decided', async () => {
    const other = join(folder, 'other');
    const { train } = DATA;
    const { test } = synthetic({ seed: 9, train: 10, test: 60 });
    const elsewhere = await done(other, { ...REQUEST, trials: 2 }, { data: { ...DATA, train, test } });
    // Fewer trials are the beginning of more.
    const same = await done(out, { ...REQUEST, trials: 2 });
    expect(same.trials).toEqual(advice.trials.slice(0, 2));
    expect(elsewhere.configuration).toEqual(same.configuration);
    expect(elsewhere.verified.map(({ heldOutErrors }) => heldOutErrors)).toEqual(
      same.verified.map(({ heldOutErrors }) => heldOutErrors),
    );
    expect(elsewhere.verified.map(({ testErrors }) => testErrors)).not.toEqual(
      same.verified.map(({ testErrors }) => testErrors),
    );
    rmSync(other, { recursive: true });
  });

  it('is shown in tables, a chart, and pages that load nothing', async () => {
    const tensors = advice.groups.flatMap((group) => group.tensors);
    const { head, rows } = formatCells(advice);
    expect(rows.map(([tensor]) => tensor)).toEqual(
      tensors.filter((name) => !name.includes('relu')).filter((name) => rows.some(([own]) => own === name)),
    );
    expect(rows).toHaveLength(advice.ranges.tensors.length);
    for (const row of [...rows, ...trialCells(advice).rows, ...verificationCells(advice).rows]) {
      expect(row.join(' ')).not.toMatch(/NaN|undefined/);
    }
    expect(rows[0]).toHaveLength(head.length);
    const { document } = parseHTML(await adviceChart(advice));
    const kept = advice.trials.filter((trial) => trial.kept);
    expect(document.querySelectorAll('g.advised circle')).toHaveLength(1);
    expect(document.querySelector('path.kept')?.getAttribute('d')?.split('Z')).toHaveLength(kept.length + 1);
    expect(await adviceChart(advice)).not.toContain('NaN');
    const page = await advicePage(advice, { command: 'fewbit advise <tiny>' });
    expect(page).not.toMatch(/(?:src|href)="/);
    expect(page).toContain('fewbit advise &#60;tiny&#62;');
    const markdown = adviceMarkdown(advice, { picture: 'advice.svg', command: 'fewbit advise tiny.json' });
    expect(markdown).toContain(adviceSentence(advice));
    expect(markdown).toContain('![tiny: held-out error against bits, trial by trial](advice.svg)');
    expect(adviceSentence(advice)).toMatch(/: within the budget of 5\.$/);
  });
});

describe('advice that cannot be given', () => {
  it('reports that the verification does not confirm it, and gives the proposal', async () => {
    // No error can be 200 points below that of float32: every trial fails.
    const advice = await done(join(folder, 'none'), { ...REQUEST, budget: -200, bits: 6 });
    expect(advice).toMatchObject({ confirmed: false, chosen: 0 });
    expect(advice.trials).toHaveLength(1);
    expect(advice.trials[0]).toMatchObject({ kept: false, complete: false });
    expect([...advice.formats.values()].map(wordLength)).toEqual(advice.groups.map(() => 6));
    // The bias of fc2 has no more fraction bits than the product to which it is added.
    const fl = (name: string): number => advice.formats.get(name)!.fl;
    expect(fl('fc2 bias')).toBeLessThanOrEqual(fl('fc1 activation') + fl('fc2 weight'));
    expect(adviceSentence(advice)).toMatch(/^Not confirmed: /);
  });

  it('is refused for a precision schedule', async () => {
    const network = { ...TRIAL.network, precisionSchedule: [{ epoch: 1, formats: '<4,16>' }] };
    await expect(run(join(folder, 'no'), { ...REQUEST, trial: { ...TRIAL, network } })).rejects.toThrow(
      'advise: a network must have one set of formats, got a precision schedule; leave it out',
    );
  });

  it('is refused where float32 learns nothing: anything would be within the budget', async () => {
    const optimizer = { kind: 'sgd', learningRate: 0 } as const;
    const trial = { ...TRIAL, network: { ...TRIAL.network, optimizer } };
    await expect(run(join(folder, 'dull'), { ...REQUEST, trial })).rejects.toThrow(
      /^advise: float32 must learn in a trial \(an error of at most 45 %\), got \d\d\.\d\d %; train longer with --epochs, or with another --learning-rate or --seed$/,
    );
  });
});

describe('held-out examples', () => {
  it('are drawn from the training examples, the same for every seed, and the others are trained on', () => {
    const { train, test } = usedData({ subset: { validation: 100, test: 80, train: 250 } }, DATA);
    expect([train.count, test.count]).toEqual([250, 80]);
    const key = ({ features }: typeof train, i: number): string =>
      features.subarray(i * 784, (i + 1) * 784).join();
    const all = usedData({ subset: { validation: 100 } }, DATA);
    const keys = [all.train, all.test].flatMap((part) =>
      Array.from({ length: part.count }, (_, i) => key(part, i)),
    );
    expect(keys.sort()).toEqual(Array.from({ length: 400 }, (_, i) => key(DATA.train, i)).sort());
    expect(key(test, 79)).toBe(key(all.test, 79));
    expect(key(train, 249)).toBe(key(all.train, 249));
  });

  it('leave something to train on', () => {
    expect(() => usedData({ subset: { validation: 400 } }, DATA)).toThrow(
      'subset: validation must leave some of the 400 training examples, got 400; choose fewer',
    );
  });
});

describe('the resolution of a difference', () => {
  const request = { budget: 0.3 };
  it('follows from the images, and from the spread of the seeds', () => {
    // sqrt(2 * 2 * 98 / 19600) = 0.1414; seeds 1 and 3 have the variance 2, sqrt(2 * 2 / 2) = 1.4142.
    expect(resolutionText({ baseline: [1, 3], heldOut: 19_600, request })).toBe(
      'One standard error of a difference to float32: 0.14 points for 19600 held-out images, 1.41 points for 2 seeds, by the spread of float32 and as if its seeds were not those of the trials. That is more than the budget of 0.3, so single trials may be decided by chance: take more seeds, longer trials, or a learning rate that falls.',
    );
    expect(resolutionText({ baseline: [2], heldOut: 19_600, request })).toBe(
      'One standard error of a difference to float32: 0.14 points for 19600 held-out images, with one seed the spread between seeds is unknown (--seeds). The budget is 0.3.',
    );
  });
});

describe('float32', () => {
  it('takes the formats of layers inside of residual layers away, too', () => {
    const network = zoo.resnet8({ seed: 1 });
    const layers = JSON.parse(
      JSON.stringify(network.layers).replaceAll('"bias":false', '"bias":false,"formats":"<2,14>"'),
    ) as typeof network.layers;
    expect(float32Network({ ...network, layers }).layers).toEqual(network.layers);
    expect(defineNetwork(float32Network({ ...network, layers })).arithmetic).toBe('float32');
  });
});
