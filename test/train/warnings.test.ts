/** Warnings of training with their figures, and the counters of the inputs. */
import { describe, expect, it, vi } from 'vitest';
import { ArrayDataSetIterator, StreamDataSetIterator, type DataSet } from '../../src/data/index.js';
import type { NetworkConfiguration } from '../../src/nn/index.js';
import { Network, type FitOptions } from '../../src/train/index.js';
import { tinyConfiguration, tinyData, tinyIterator } from './support.js';

const options = { backend: 'reference' } as const;

/** Two features in two classes. */
function pairs(values: readonly number[]): DataSet {
  const count = values.length / 2;
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  return { features: Float32Array.from(values), labels, count, shape: [2], classes: 2 };
}

function flat(overrides: Partial<NetworkConfiguration> = {}): NetworkConfiguration {
  return {
    ...{ name: 'flat', seed: 4, formats: '6.10', rounding: 'nearest' },
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { size: 2 },
    layers: [{ type: 'dense', name: 'fc', units: 2 }],
    ...overrides,
  };
}

/** The warnings of a training, each as `kind: message`. */
async function warnings(
  configuration: NetworkConfiguration,
  data: DataSet,
  { batch = data.count, ...fit }: FitOptions = {},
): Promise<string[]> {
  const network = await Network.create(configuration, options);
  const given: string[] = [];
  const onWarning: FitOptions['onWarning'] = ({ kind, message }) => void given.push(`${kind}: ${message}`);
  await network.fit(new ArrayDataSetIterator(data, { batch }), { ...fit, onWarning });
  // The second time nothing is new.
  await network.fit(new ArrayDataSetIterator(data, { batch }), { ...fit, onWarning });
  await network.close();
  return given;
}

describe('a batch larger than the data', () => {
  const expected = [
    'batch: batch: 10 examples are fewer than a batch of 1000, by which a step divides their sum, so that every step is 100 times smaller than with a full batch; choose a batch of at most 10',
  ];

  it('is a warning before the first step, once', async () => {
    expect(await warnings(tinyConfiguration(), tinyData(10), { batch: 1000 })).toEqual(expected);
    expect(await warnings(tinyConfiguration(), tinyData(10), { batch: 10 })).toEqual([]);
    expect(await warnings(tinyConfiguration(), tinyData(10), { batch: 9 })).toEqual([]);
  });

  it('is one after the epoch if the source does not know its length', async () => {
    const network = await Network.create(tinyConfiguration(), options);
    const given: string[] = [];
    await network.fit(new StreamDataSetIterator([tinyData(10)], { batch: 1000 }), {
      onWarning: ({ kind, message }) => void given.push(`${kind}: ${message}`),
    });
    expect(given).toEqual(expected);
  });
});

describe('inputs that saturate', () => {
  const far = pairs(Array.from({ length: 100 }, (_, i) => 60 + 40 * (i % 10)));

  it('are a warning with the figure, once', async () => {
    expect(await warnings(flat(), far, { batch: 25, epochs: 2 })).toEqual([
      'inputs: inputs: 100 of 100 (100 %) saturate in <6,10>, which holds -32 to 31.999, because the inputs range from 60 to 420; normalise the data, or give the input more integer bits',
    ]);
    const some = pairs([0.5, 1, -33.5, 0, 3, 4]);
    expect(await warnings(flat(), some)).toEqual([
      'inputs: inputs: 1 of 6 (16.7 %) saturate in <6,10>, which holds -32 to 31.999, because the inputs range from -33.5 to 4; normalise the data, or give the input more integer bits',
    ]);
  });

  it('are none if a value is less than a unit outside, or in float32', async () => {
    expect(await warnings(flat({ formats: '1.15' }), pairs([1, 0, -1, 0.5]))).toEqual([]);
    expect(await warnings(flat({ formats: 'float32' }), far)).toEqual([]);
  });

  it('are counted at the site of the input, like every rounding site', async () => {
    const network = await Network.create(flat(), options);
    await network.fit(new ArrayDataSetIterator(pairs([40, -40, 0.0001, 1.5, 0, -2]), { batch: 2 }), {
      epochs: 2,
      onWarning: () => undefined,
    });
    await network.evaluate(pairs([1, 2]));
    const inputs = (await network.statistics()).filter(({ site }) => site.endsWith('input'));
    expect(inputs).toEqual([
      expect.objectContaining({
        ...{ site: 'input', elements: 12, saturatedHigh: 2, saturatedLow: 2, flushed: 2 },
        ...{ maxMagnitude: 32768, swallowed: 0 },
      }),
      expect.objectContaining({
        ...{ site: 'inference/input', elements: 2, saturatedHigh: 0, saturatedLow: 0, flushed: 0 },
        ...{ maxMagnitude: 2048 },
      }),
    ]);
    const again = (await network.statistics()).filter(({ site }) => site === 'input');
    expect(again).toMatchObject([{ elements: 0, saturatedHigh: 0, maxMagnitude: 0 }]);
  });

  it('are counted at the borders as the conversion rounds', async () => {
    const network = await Network.create(flat(), options);
    const unit = 2 ** -10;
    const data = pairs([32 - unit / 2, 32 - unit * 0.51, -32 - unit / 2, -32 - unit * 0.51]);
    await network.fit(new ArrayDataSetIterator(data, { batch: 2 }));
    expect((await network.statistics())[0]).toMatchObject({ saturatedHigh: 1, saturatedLow: 1, elements: 4 });
  });

  it('may be pixels, if the format does not hold 1', async () => {
    const given = await warnings(tinyConfiguration({ formats: '<0,12>' }), tinyData(12));
    expect(given[0]).toMatch(
      /^inputs: inputs: \d+ of 192 \([\d.]+ %\) saturate in <0,12>, which holds -0.5 to 0.49976, because the inputs range from 0.?\d* to 0.\d+; /,
    );
  });
});

describe('coefficients that round to 0', () => {
  const sgd = (rates: object): Partial<NetworkConfiguration> => ({
    optimizer: { kind: 'sgd', learningRate: 0.1, ...rates },
    rounding: 'stochastic',
  });
  const data = pairs([0.5, 1, -0.5, 0.25]);

  it('are a warning for each of them', async () => {
    expect(await warnings(flat(sgd({ learningRate: 1e-10 })), data)).toEqual([
      'learningRate: learning rate 1e-10 with a batch of 2 rounds to 0: its coefficient has 30 fraction bits; choose a larger one',
    ]);
    expect(await warnings(flat(sgd({ momentum: 1e-12, weightDecay: 1e-9 })), data)).toEqual([
      'momentum: momentum 1e-12 rounds to 0: its coefficient has 30 fraction bits; choose a larger one',
      'weightDecay: weight decay 1e-9 times learning rate 0.1 rounds to 0: its coefficient has 30 fraction bits; choose a larger one',
    ]);
    expect(await warnings(flat(sgd({ momentum: 0.9, weightDecay: 0.0005 })), data)).toEqual([]);
    expect(await warnings(flat(sgd({ learningRate: 0 })), data)).toEqual([]);
    expect(await warnings(flat({ ...sgd({ learningRate: 1e-10 }), formats: 'float32' }), data)).toEqual([]);
  });

  it('are a warning if the largest gradient makes an update that rounds to 0', async () => {
    const small = flat({ ...sgd({ learningRate: 1e-5 }), rounding: 'nearest' });
    expect(await warnings(small, data)).toEqual([
      'learningRate: learning rate 0.00001: the largest gradient of fc/weight, 32 in <6,10>, makes an update of 0.00032, which rounds to 0 in <6,10> with nearest-away (a unit is 0.00097656); choose a larger rate, more fraction bits or stochastic rounding',
    ]);
    expect(await warnings({ ...small, rounding: 'stochastic' }, data)).toEqual([]);
    expect(await warnings({ ...small, rounding: 'floor' }, data)).toEqual([]);
    expect(await warnings(flat({ ...sgd({ learningRate: 2e-5 }), rounding: 'nearest' }), data)).toEqual([]);
  });
});

describe('a loss that is not a number', () => {
  it('is a warning at its step, once', async () => {
    const configuration = tinyConfiguration({
      formats: 'float32',
      optimizer: { kind: 'sgd', learningRate: 1e30 },
    });
    const given = await warnings(configuration, tinyData(12), { batch: 4, epochs: 2 });
    expect(given).toEqual([
      expect.stringMatching(
        /^diverged: the loss of step [12] is (not a number|infinite): the network has diverged; train it again with a lower learning rate$/,
      ),
    ]);
  });
});

describe('without onWarning', () => {
  it('warnings go to the console, each once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const network = await Network.create(tinyConfiguration(), options);
    await network.fit(tinyIterator(4, 8), { epochs: 2 });
    await network.fit(tinyIterator(4, 8));
    expect(warn.mock.calls).toEqual([
      [
        'fewbit: warning: batch: 4 examples are fewer than a batch of 8, by which a step divides their sum, so that every step is 2 times smaller than with a full batch; choose a batch of at most 4',
      ],
    ]);
    warn.mockRestore();
  });
});
