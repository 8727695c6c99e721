/** The rounding study: theory against enumeration of the integer arithmetic, and measurement against theory. */
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  panelChart,
  roundingStudy,
  roundingStudyFigures,
  roundingStudyPage,
  type RoundingStudy,
} from '../../src/experiment/index.js';
import {
  accumulatorError,
  narrowed,
  roundingMoments,
  updateMoments,
  upProbability,
} from '../../src/experiment/study/theory-float.js';
import {
  AccumulatorRegister,
  convertWide,
  parseAccumulator,
  parseRounding,
  Wide,
} from '../../src/numerics/index.js';

import { noBrowser } from '../support/browser.js';
import { faultsOnTelephone } from '../support/telephone.js';

const FORMAT = { il: 8, fl: 8 } as const;

describe('theory', () => {
  it.each(['nearest-away', 'nearest-even', 'nearest-down', 'nearest-up', 'floor', 'toward-zero'])(
    'rounds %s in the direction of the integers',
    (text) => {
      const rounding = parseRounding(text);
      for (let m = 0; m < 64; m++) {
        const raw = convertWide(Wide.fromBigInt(BigInt(m)), 4, FORMAT, rounding, 'saturate', 0, 16);
        const below = m >> 4;
        expect(below + upProbability(rounding, (m & 15) / 16, below % 2 === 1)).toBe(raw);
      }
    },
  );

  it.each([1, 2, 3, 4, 5, 16])(
    'is the share of all 16-bit words that round up with %i random bits',
    (bits) => {
      const rounding = parseRounding(`stochastic:${String(bits)}`);
      for (let m = 0; m < 16; m++) {
        const exact = Wide.fromBigInt(BigInt(m));
        let up = 0;
        for (let word = 0; word < 65536; word++) {
          up += convertWide(exact, 4, FORMAT, rounding, 'saturate', word, 16);
        }
        expect(upProbability(rounding, m / 16, false)).toBe(up / 65536);
      }
    },
  );

  it('has the closed forms of docs/rounding-study.md', () => {
    for (const drop of [1, 4, 12]) {
      const unit = 2 ** -drop;
      for (let n = 1; n <= 16; n++) {
        const { bias } = roundingMoments(parseRounding(`stochastic:${String(n)}`), drop);
        expect(bias).toBeCloseTo(n < drop ? (unit - 2 ** -n) / 2 : 0, 12);
      }
      expect(roundingMoments(parseRounding('stochastic'), drop).variance).toBeCloseTo(
        (1 - unit ** 2) / 6,
        12,
      );
      expect(roundingMoments(parseRounding('floor'), drop).bias).toBeCloseTo((unit - 1) / 2, 12);
      expect(roundingMoments(parseRounding('floor'), drop).variance).toBeCloseTo((1 - unit ** 2) / 12, 12);
      expect(roundingMoments(parseRounding('nearest-even'), drop).bias).toBe(0);
    }
    expect(updateMoments(parseRounding('stochastic'), 0.25)).toEqual({ bias: 0, variance: 0.1875 });
    expect(updateMoments(parseRounding('nearest'), 0.25)).toEqual({ bias: -0.25, variance: 0 });
    expect(updateMoments(parseRounding('stochastic:1'), 0.25)).toEqual({ bias: -0.25, variance: 0 });
  });

  it.each(['wrap:6', 'saturate:6', 'exact'])('sums with %s as the register does', (text) => {
    const accumulator = parseAccumulator(text);
    const register = new AccumulatorRegister(accumulator);
    for (let sum = 0; sum < 200; sum++) {
      register.clear();
      for (let k = 0; k < sum; k++) register.addShifted(1, 0);
      expect(narrowed(accumulator, sum)).toBe(register.sum.toNumber());
    }
  });

  it('expects no error of a register that holds every sum', () => {
    const { bias, rms, kept } = accumulatorError(parseAccumulator('saturate:20'), 1000, 100);
    expect([bias, rms, kept]).toEqual([0, 0, 1]);
  });
});

describe('the rounding study', () => {
  let study: RoundingStudy;
  beforeAll(async () => {
    study = await roundingStudy({ seed: 3, samples: 4000, weights: 200 });
  });

  it('measures what theory expects, within five standard errors', () => {
    for (const { setting, experiment, bias, biasTheory, standardError } of study.rows) {
      const where = `${experiment} ${setting}`;
      const off = Math.abs(bias - biasTheory);
      expect({ where, near: off <= 5 * standardError + 1e-6 * Math.abs(biasTheory) + 0.003 }).toEqual({
        where,
        near: true,
      });
    }
  });

  it('has a page that is readable on a telephone', async (context) => {
    context.skip(noBrowser !== undefined, noBrowser);
    expect(await faultsOnTelephone(await roundingStudyPage(study))).toEqual([]);
  });

  it('gives the same numbers for the same seed, and others for another', async () => {
    expect(await roundingStudy({ seed: '3', samples: 4000, weights: 200 })).toEqual(study);
    const other = await roundingStudy({ seed: 4, samples: 4000, weights: 200 });
    expect(other.rows).not.toEqual(study.rows);
  });

  it('loses small updates to nearest and keeps them stochastically', () => {
    const kept = (rounding: string) => study.kept.find((one) => one.rounding === rounding)!.points;
    expect(
      kept('nearest-even')
        .filter(({ size }) => size <= 0.5)
        .map((point) => point.kept),
    ).toEqual(
      kept('nearest-even')
        .filter(({ size }) => size <= 0.5)
        .map(() => 0),
    );
    for (const point of kept('stochastic:4')) if (point.size < 1 / 16) expect(point.kept).toBe(0);
    for (const point of kept('stochastic')) expect(Math.abs(point.kept - 1)).toBeLessThan(0.5);
  });

  it('refuses numbers out of range, and ends when aborted', async () => {
    await expect(roundingStudy({ seed: 1, samples: 99, weights: 200 })).rejects.toThrow(
      'rounding study: samples must be a whole number from 100 to 1000000, got 99; the default is enough for the figures',
    );
    const reason = new Error('enough');
    await expect(
      roundingStudy({ seed: 1, samples: 100, weights: 100 }, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
  });

  it('is drawn as five figures whose points are all there', async () => {
    const figures = roundingStudyFigures(study);
    expect(figures.map(({ name }) => name)).toEqual([
      'dot-random-bits',
      'dot-accumulator',
      'weight-updates',
      'weight-random-bits',
      'weight-accumulator',
    ]);
    for (const figure of figures) {
      const { document } = parseHTML(await panelChart(figure));
      const inside = figure.panels.flatMap(({ series, x, y }) =>
        series.flatMap(({ measured }) =>
          measured.filter(
            (point) => point.x >= x.low && point.x <= x.high && point.y! >= y.low && point.y! <= y.high,
          ),
        ),
      );
      expect(document.querySelectorAll('[aria-label="dot"] circle').length).toBe(inside.length);
      expect(document.querySelector('svg')!.outerHTML).not.toContain('NaN');
    }
    const page = await roundingStudyPage(study);
    expect(page).toContain('4000 dot products, 200 weights, seed 3');
    expect(page).not.toMatch(/(?:src|href)="/);
  });
});
