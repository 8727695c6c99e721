/** Lost gradients: two disjoint counts, whose sum is what rounding kept from the parameters. */
import { describe, expect, it } from 'vitest';
import { ArrayDataSetIterator } from '../../src/data/index.js';
import { lostGradients, lostShare } from '../../src/experiment/run/lost.js';
import { lostCells } from '../../src/experiment/report/lost-table.js';
import { countsBySite } from '../../src/experiment/run/metrics.js';
import type { NetworkConfiguration } from '../../src/nn/index.js';
import { Network } from '../../src/train/index.js';
import { CONFIGURATION, DATA, intervalLine } from './support.js';

const NAMES = ['fc1/weight', 'fc1/bias', 'fc2/weight', 'fc2/bias'];
const STEPS = 6;

/** The lost gradients of six steps, and the parameters that did not change over any of them by their name. */
async function lostOf(changes: Partial<NetworkConfiguration>, backend: 'reference' | 'wasm' = 'reference') {
  const network = await Network.create({ ...CONFIGURATION.network, ...changes }, { backend });
  const iterator = new ArrayDataSetIterator(DATA.train, { batch: 20, shuffle: 1 });
  await network.fit(iterator, { epochs: 2 });
  const sites = countsBySite(await network.statistics());
  await network.close();
  return { sites, lost: lostGradients([intervalLine(0, STEPS, { sites })], NAMES) };
}

const NEAREST = { rounding: 'nearest' } as const;
const sgd = (rest: object): Pick<NetworkConfiguration, 'optimizer'> => ({
  optimizer: { kind: 'sgd', learningRate: 0.1, ...rest },
});

describe('lost gradients', () => {
  it('are flushed gradients and swallowed updates if nothing but gradients moves a parameter', async () => {
    const { sites, lost } = await lostOf({ ...NEAREST, ...sgd({}) });
    expect(lost.map(({ parameter }) => parameter)).toEqual(NAMES);
    for (const { parameter, flushed, swallowed, gradients, elements, rate } of lost) {
      expect(flushed).toBe(sites[`${parameter}.gradient`]?.flushed);
      expect(swallowed).toBe(sites[parameter]?.swallowed);
      expect(gradients).toBe(flushed + sites[parameter]!.gradients!);
      expect(gradients).toBeLessThanOrEqual(elements);
      expect(rate).toBe((flushed + swallowed) / gradients);
    }
    expect(lost[0]?.elements).toBe(STEPS * 784 * 4);
    expect(lost[0]?.swallowed).toBeGreaterThan(0);
  });

  it('are never more than all, though momentum and decay move parameters without a gradient', async () => {
    const { sites, lost } = await lostOf({
      ...NEAREST,
      ...sgd({ momentum: 0.9, weightDecay: 0.0005 }),
      formats: '<4,6>',
    });
    const [weights] = lost;
    expect(weights!.flushed + weights!.swallowed).toBeLessThanOrEqual(weights!.gradients);
    expect(weights!.gradients).toBeLessThanOrEqual(weights!.elements);
    // Without a gradient decay is swallowed too, and that is not a lost gradient.
    expect(weights!.swallowed).toBeLessThan(sites['fc1/weight']!.swallowed);
    expect(weights!.flushed + sites['fc1/weight']!.swallowed).toBeGreaterThan(weights!.elements);
  });

  it('show what stops a network whose updates are not swallowed: its gradients are flushed before', async () => {
    const { lost } = await lostOf({ ...NEAREST, ...sgd({}), formats: '<2,6>' });
    const share = lostShare(lost)!;
    expect(share.swallowed).toBeLessThan(0.05);
    expect(share.flushed).toBeGreaterThan(0.3);
    expect(share.lost).toBeCloseTo(share.flushed + share.swallowed, 12);
  });

  it('are no share of anything if errors are flushed on their way back', () => {
    const counts = {
      ...{ elements: 4, saturatedHigh: 0, saturatedLow: 0, flushed: 0, maxMagnitude: 0 },
      ...{ swallowed: 4, gradients: 0, swallowedGradients: 0 },
    };
    const sites = { 'fc1/weight': counts, 'fc1/weight.gradient': counts };
    const lost = lostGradients([intervalLine(0, 1, { sites })], NAMES);
    expect(lost).toMatchObject([{ gradients: 0, elements: 4, rate: null }]);
    expect(lostShare(lost)).toBeNull();
    expect(lostCells([{ name: 'a', lost }])?.rows).toEqual([
      ['fc1/weight', 'no gradient'],
      ['all', 'no gradient'],
    ]);
  });

  it('are counted alike by both backends', async () => {
    const changes = sgd({ momentum: 0.9, weightDecay: 0.0005 });
    expect((await lostOf(changes, 'wasm')).lost).toEqual((await lostOf(changes)).lost);
  });

  it('are none in float32, and unknown in runs that did not count them', async () => {
    const { rounding: _, ...network } = CONFIGURATION.network;
    expect((await lostOf({ ...network, formats: 'float32' })).lost).toEqual([]);
    expect(lostShare([])).toBeNull();
    const counts = {
      elements: 4,
      saturatedHigh: 0,
      saturatedLow: 0,
      flushed: 1,
      maxMagnitude: 1,
      swallowed: 2,
    };
    const sites = { 'fc1/weight': counts, 'fc1/weight.gradient': counts };
    expect(lostGradients([intervalLine(0, 1, { sites })], NAMES)).toEqual([]);
    const counted = { ...sites, 'fc1/weight': { ...counts, gradients: 3, swallowedGradients: 2 } };
    expect(lostGradients([intervalLine(0, 1, { sites: counted })], NAMES)).toEqual([
      { parameter: 'fc1/weight', flushed: 1, swallowed: 2, gradients: 4, elements: 4, rate: 0.75 },
    ]);
    const mixed = [intervalLine(0, 1, { sites: counted }), intervalLine(1, 2, { sites })];
    expect(lostGradients(mixed, NAMES)).toEqual([]);
  });
});
