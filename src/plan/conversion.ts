/**
 * From one plan of a network to another with other formats: the rounding sites that convert its parameters, updates and
 * running statistics.
 * Nothing is computed here; train/ does. docs/training.md, "Precision schedule".
 */
import { InputTypeError } from '../numerics/index.js';
import type { Plan } from './plan.js';
import { SiteRegistry } from './sites.js';
import type { Convert, TensorId } from './types.js';

/**
 * One site for every parameter, update and running statistic of `after`, in its order, named `<prefix>/<tensor>`: from the tensor's format in
 * `before`, rounded as `after` rounds that tensor at every step.
 * @throws RangeError for a shift of more than 62 bits, or a name with the hash of another site of one of the plans.
 */
export function conversionSites(prefix: string, before: Plan, after: Plan): readonly Convert[] {
  const sites = new SiteRegistry();
  // A step draws from the plan's sites too, under the same step number: no two may have one hash.
  for (const { site } of [...before.sites, ...after.sites]) sites.claim(site);
  const stateOf = (plan: Plan): TensorId[] => [...plan.parameters, ...plan.updates, ...plan.states];
  const ids = stateOf(before);
  const sitesAfter = new Map(after.sites.map((site) => [site.site, site]));
  stateOf(after).forEach((id, i) => {
    const { name } = after.tensors[id]!;
    const { format } = before.tensors[ids[i]!]!;
    const settings = sitesAfter.get(name);
    if (settings === undefined || format === null || format === 'float32') {
      throw new InputTypeError(`${name}: only fixed-point tensors that a step rounds can be converted`);
    }
    sites.add(`${prefix}/${name}`, format.fl, settings.format, settings);
  });
  return sites.list;
}
