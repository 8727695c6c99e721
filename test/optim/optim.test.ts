import { describe, expect, test } from 'vitest';
import { coefficientsOf, learningRate } from '../../src/optim/index.js';

describe('learningRate', () => {
  test('constant', () => {
    expect(learningRate(0.1, 7)).toBe(0.1);
    expect(learningRate({ kind: 'constant', rate: 0.25 }, 3)).toBe(0.25);
  });

  test('exponential is a product in a fixed order', () => {
    const schedule = { kind: 'exponential', rate: 0.1, factor: 0.95 } as const;
    expect(learningRate(schedule, 0)).toBe(0.1);
    expect(learningRate(schedule, 3)).toBe(0.1 * (0.95 * 0.95 * 0.95));
  });

  test('step', () => {
    const schedule = { kind: 'step', rate: 0.01, factor: 0.5, milestones: [8, 11, 14] } as const;
    expect([7, 8, 10, 11, 14, 99].map((epoch) => learningRate(schedule, epoch))).toEqual([
      0.01, 0.005, 0.005, 0.0025, 0.00125, 0.00125,
    ]);
  });

  test('poly ends at zero', () => {
    const schedule = { kind: 'poly', rate: 0.5, power: 2, epochs: 4 } as const;
    expect([0, 1, 2, 4, 5].map((epoch) => learningRate(schedule, epoch))).toEqual([
      0.5,
      0.5 * 0.75 * 0.75,
      0.125,
      0,
      0,
    ]);
  });

  test('epochs are whole numbers', () => {
    expect(() => learningRate(0.1, -1)).toThrow('schedule: epoch must be a whole number from 0, got -1');
    expect(() => learningRate(0.1, 0.5)).toThrow(RangeError);
  });
});

describe('coefficientsOf', () => {
  const sgd = { kind: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005 } as const;

  test('integers with 30 fraction bits; the rate carries 2^s / batch', () => {
    const step = { arithmetic: 'fixed', gradientShift: 7, batch: 100, epoch: 0 } as const;
    expect(coefficientsOf(sgd, step)).toEqual({
      momentum: Math.round(0.9 * 2 ** 30),
      rate: Math.round(0.128 * 2 ** 30),
      decay: Math.round(0.1 * 0.0005 * 2 ** 30),
    });
    expect(coefficientsOf(sgd, { ...step, batch: 64 }).rate).toBe(Math.round(0.2 * 2 ** 30));
  });

  test('float32 takes the values themselves', () => {
    expect(coefficientsOf(sgd, { arithmetic: 'float32', gradientShift: 0, batch: 50, epoch: 0 })).toEqual({
      momentum: 0.9,
      rate: 0.1 / 50,
      decay: 0.1 * 0.0005,
    });
  });

  test('a rate that its register cannot hold is refused', () => {
    const step = { arithmetic: 'fixed', gradientShift: 7, batch: 65, epoch: 0 } as const;
    expect(() => coefficientsOf({ kind: 'sgd', learningRate: 1.1 }, step)).toThrow(
      /^optimizer: learning rate \* 2\^7 \/ 65 must be at least 0 and below 2, got 2\.166.*; choose a smaller learning rate$/,
    );
    expect(() =>
      coefficientsOf({ kind: 'sgd', learningRate: 1, weightDecay: 1.5 }, { ...step, batch: 128 }),
    ).toThrow('optimizer: momentum and learning rate * weight decay must be from 0 to 1, got 0 and 1.5');
  });
});
