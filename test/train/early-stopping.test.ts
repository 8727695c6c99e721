import { describe, expect, it } from 'vitest';
import {
  accuracyScore,
  EarlyStoppingTrainer,
  errorScore,
  evaluationScore,
  lossScore,
  Network,
  type EarlyStoppingConfiguration,
  type EarlyStoppingResult,
} from '../../src/train/index.js';
import { tinyConfiguration, tinyData, tinyIterator } from './support.js';

const options = { backend: 'reference' } as const;

/** Trains with scores that are given, one per epoch. */
async function trained(
  configuration: Partial<EarlyStoppingConfiguration>,
  scores: readonly number[] = [],
): Promise<EarlyStoppingResult & { network: Network }> {
  const network = await Network.create(tinyConfiguration(), options);
  const next = scores[Symbol.iterator]();
  const trainer = new EarlyStoppingTrainer(
    { score: () => next.next().value ?? 0, direction: 'minimize', maxEpochs: 10, ...configuration },
    network,
    tinyIterator(12, 4, 1),
  );
  return { ...(await trainer.fit()), network };
}

describe('early stopping', () => {
  it('ends after maxEpochs and gives the best epoch and model', async () => {
    const result = await trained({ maxEpochs: 4 }, [3, 1, 2, 1]);
    expect(result).toMatchObject({
      reason: 'maxEpochs',
      details: '4 epochs are done',
      epochs: 4,
      bestEpoch: 1,
      bestScore: 1,
      scores: [3, 1, 2, 1].map((score, epoch) => ({ epoch, score })),
    });
    const best = await Network.load(result.bestModel!, options);
    const straight = await Network.create(tinyConfiguration(), options);
    await straight.fit(tinyIterator(12, 4, 1), { epochs: 2 });
    expect(await best.digest()).toBe(await straight.digest());
    expect(result.network.epoch).toBe(4);
  });

  it('ends when the score has not improved for n epochs', async () => {
    const result = await trained({ patience: 2 }, [5, 4, 4, 4, 1]);
    expect(result).toMatchObject({
      reason: 'patience',
      details: 'no improvement for 2 epochs; the best score is 4 after epoch 1',
      epochs: 4,
      bestEpoch: 1,
    });
  });

  it('keeps the largest score if that is the better one', async () => {
    const result = await trained({ direction: 'maximize', patience: 2 }, [0.3, 0.9, 0.4, 0.8, 1]);
    expect(result).toMatchObject({
      reason: 'patience',
      details: 'no improvement for 2 epochs; the best score is 0.9 after epoch 1',
      epochs: 4,
      bestEpoch: 1,
      bestScore: 0.9,
    });
    expect(
      await trained({ direction: 'maximize', patience: 2, minImprovement: 0.2 }, [0.3, 0.4, 0.45]),
    ).toMatchObject({ reason: 'patience', bestEpoch: 0 });
  });

  it('takes the direction from the score: the most accurate epoch is the best', async () => {
    const network = await Network.create(tinyConfiguration(), options);
    const held = tinyIterator(30, 4);
    const { scores, bestScore } = await new EarlyStoppingTrainer(
      { score: accuracyScore(held), maxEpochs: 4 },
      network,
      tinyIterator(12, 4, 1),
    ).fit();
    expect(new Set(scores.map(({ score }) => score)).size).toBeGreaterThan(1);
    expect(bestScore).toBe(Math.max(...scores.map(({ score }) => score)));
  });

  it('refuses a score of which nothing says which way it goes', async () => {
    const refused = (configuration: Partial<EarlyStoppingConfiguration>): Promise<unknown> =>
      trained({ ...configuration });
    const { direction: _none, ...bare } = { direction: 'minimize' };
    const network = await Network.create(tinyConfiguration(), options);
    expect(
      () => new EarlyStoppingTrainer({ score: () => 1, maxEpochs: 1, ...bare }, network, tinyIterator(12, 4)),
    ).toThrow(
      new TypeError(
        "early stopping: direction must say which scores are better, got undefined; pass 'minimize' for a loss or an error, 'maximize' for an accuracy, or take lossScore, errorScore or accuracyScore",
      ),
    );
    await expect(refused({ direction: 'up' as 'maximize' })).rejects.toThrow('got up; pass');
    await expect(refused({ score: accuracyScore(tinyIterator(6, 4)) })).rejects.toThrow(
      new TypeError(
        "early stopping: the score is one to maximize, got direction 'minimize'; leave direction out",
      ),
    );
  });

  it('takes a small improvement for none, if asked to', async () => {
    const result = await trained({ patience: 2, minImprovement: 0.5 }, [5, 4.75, 4.5, 1]);
    expect(result).toMatchObject({ reason: 'patience', epochs: 3, bestEpoch: 0 });
  });

  it('calculates the score every n epochs only', async () => {
    const result = await trained({ maxEpochs: 5, everyEpochs: 2 }, [3, 1]);
    expect(result.scores).toEqual([
      { epoch: 1, score: 3 },
      { epoch: 3, score: 1 },
    ]);
  });

  it('ends when the time is over, after the step', async () => {
    let time = 500;
    const result = await trained({ maxTime: { milliseconds: 25, now: () => (time += 5) } });
    expect(result).toMatchObject({ reason: 'maxTime', details: '25 ms are over at iteration 4', epochs: 1 });
    expect(result.network.step).toBe(5);
  });

  it('ends on a score that is not a number', async () => {
    expect(await trained({}, [2, NaN])).toMatchObject({
      reason: 'invalidScore',
      details: 'the score is NaN after epoch 1',
      epochs: 2,
      bestEpoch: 0,
    });
    const diverging = await Network.create(
      tinyConfiguration({ formats: 'float32', optimizer: { kind: 'sgd', learningRate: 1e30 } }),
      options,
    );
    const result = await new EarlyStoppingTrainer(
      { score: lossScore(tinyIterator(6, 4)), maxEpochs: 50 },
      diverging,
      tinyIterator(12, 4),
    ).fit();
    expect(result.reason).toBe('invalidScore');
    expect(result.details).toMatch(/^the score is (NaN|Infinity) (at iteration|after epoch) \d+$/);
  });

  it('ends on a score above the limit', async () => {
    const result = await trained({ maxScore: 0.001 });
    expect(result).toMatchObject({
      reason: 'maxScore',
      epochs: 0,
      bestEpoch: null,
      bestScore: null,
      bestModel: null,
    });
    expect(result.details).toMatch(/^the score \d\.\d+ is above 0.001 at iteration 0$/);
  });

  it('ends when the signal is aborted, before or during training', async () => {
    expect(await trained({ signal: AbortSignal.abort() })).toMatchObject({ reason: 'aborted', epochs: 0 });
    const stop = new AbortController();
    const score = async (): Promise<number> => {
      stop.abort();
      return 1;
    };
    expect(await trained({ signal: stop.signal, score })).toMatchObject({
      reason: 'aborted',
      details: 'the signal was aborted',
      epochs: 1,
      bestEpoch: 0,
    });
  });

  it('scores by loss or by error on a data set', async () => {
    const network = await Network.create(tinyConfiguration(), options);
    const evaluation = await network.evaluate(tinyIterator(30, 4));
    expect(await lossScore(tinyIterator(30, 4))(network)).toBe(evaluation.loss());
    expect(await errorScore(tinyIterator(30, 4))(network)).toBe(evaluation.errorPercent());
    const named = (['loss', 'error', 'accuracy', 'precision', 'recall', 'f1'] as const).map((name) =>
      evaluationScore(name, tinyData(30)),
    );
    expect(named.map(({ direction }) => direction)).toEqual([
      ...['minimize', 'minimize', 'maximize', 'maximize', 'maximize', 'maximize'],
    ]);
    expect(await Promise.all(named.slice(2).map((score) => score(network)))).toEqual([
      evaluation.accuracy(),
      evaluation.precision(),
      evaluation.recall(),
      evaluation.f1(),
    ]);
    expect(() => evaluationScore('acuracy' as 'accuracy', tinyData(30))).toThrow(
      new RangeError(
        'score: there is no "acuracy"; choose one of loss, error, accuracy, precision, recall, f1',
      ),
    );
  });

  it.each(['maxEpochs', 'patience', 'everyEpochs'] as const)('refuses %s below 1', async (name) => {
    await expect(trained({ [name]: 0 })).rejects.toThrow(
      new RangeError(`early stopping: ${name} must be a whole number of at least 1, got 0`),
    );
  });
});
