import { describe, expect, test } from 'vitest';
import { parseFormat, parseRounding } from '../../src/numerics/index.js';
import { conversionSites, PlanBuilder, type Plan, type TensorId } from '../../src/plan/index.js';

/** A plan with nothing but the updates of some parameters of two elements. */
function plan(
  weight: string,
  update: string,
  names: readonly string[] = ['w'],
  modes: readonly [string, string] = ['stochastic', 'nearest'],
): Plan {
  const builder = new PlanBuilder({ name: 'test', arithmetic: 'fixed', batch: 1 }).layer('fc', 'update');
  const settings = modes.map((mode) => ({ rounding: parseRounding(mode), overflow: 'wrap' as const }));
  const parameters: TensorId[] = [];
  const updates: TensorId[] = [];
  for (const name of names) {
    const tensor = { shape: [2], batched: false, persistent: true } as const;
    parameters.push(builder.tensor({ ...tensor, name, role: 'weight', format: parseFormat(weight) }));
    updates.push(
      builder.tensor({ ...tensor, name: `${name}.update`, role: 'update', format: parseFormat(update) }),
    );
    const gradient = builder.tensor({
      ...tensor,
      name: `${name}.gradient`,
      role: 'gradient',
      format: parseFormat(weight),
    });
    builder.sgd({
      parameter: parameters.at(-1)!,
      update: updates.at(-1)!,
      gradient,
      group: 0,
      decays: true,
      parameterSettings: settings[0]!,
      updateSettings: settings[1]!,
    });
  }
  return builder.finish({ parameters, updates, groups: 1 });
}

describe('conversion sites', () => {
  test('lead from one format to the other, rounded as the later plan rounds the tensor', () => {
    const sites = conversionSites('precision/2', plan('4.12', '4.20'), plan('2.14', '8.0'));
    expect(sites).toMatchObject([
      {
        site: 'precision/2/w',
        from: 12,
        format: { il: 2, fl: 14 },
        drop: -2,
        rounding: { mode: 'stochastic' },
        overflow: 'wrap',
        randomWidth: 16,
        statistics: 0,
      },
      {
        site: 'precision/2/w.update',
        from: 20,
        format: { il: 8, fl: 0 },
        drop: 20,
        rounding: { mode: 'nearest-away' },
        randomWidth: 32,
        statistics: 1,
      },
    ]);
  });

  test('come for all parameters, then all updates', () => {
    const names = ['a', 'b'];
    const sites = conversionSites('p', plan('4.12', '4.12', names), plan('4.4', '4.4', names));
    expect(sites.map(({ site }) => site)).toEqual(['p/a', 'p/b', 'p/a.update', 'p/b.update']);
  });

  test('that would shift too far, or share a hash, are refused', () => {
    expect(() => conversionSites('p', plan('-30.46', '-30.46'), plan('36.-20', '36.-20'))).toThrow(
      'p/w: a site shifts by at most 62 bits, got 46 fraction bits into -20; choose formats with closer fraction bits',
    );
    // The names liquid and costarring have one hash, and so have all names that begin with them and continue
    // alike.
    const both = plan('4.12', '4.12', ['w', 'costarring/w']);
    expect(() => conversionSites('liquid', both, both)).toThrow(
      'liquid/w: its random site has the same hash as costarring/w; rename one of the layers',
    );
  });

  test('are for fixed point only', () => {
    const builder = new PlanBuilder({ name: 'test', arithmetic: 'float32', batch: 1 });
    const spec = { name: 'w', shape: [2], batched: false, persistent: true } as const;
    const parameter = builder.tensor({ ...spec, role: 'weight', format: 'float32' });
    const update = builder.tensor({ ...spec, name: 'u', role: 'update', format: 'float32' });
    const floats = builder.finish({ parameters: [parameter], updates: [update] });
    expect(() => conversionSites('p', floats, floats)).toThrow(
      new TypeError('w: only fixed-point tensors that a step rounds can be converted'),
    );
  });
});
