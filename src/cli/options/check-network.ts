/** Everything about a network that can be known to go wrong before data are fetched or anything is written. */
import { checkMemory, selectBackend } from '../../backend/index.js';
import type { RunConfiguration } from '../../experiment/index.js';
import { defineNetwork, type NetworkDefinition } from '../../nn/index.js';

/**
 * The network of a run, fit to be trained. @throws the errors of network, plan and backend, and RangeError if
 * a session would not fit in memory
 */
export function checkNetwork(
  configuration: Pick<RunConfiguration, 'network' | 'batch' | 'backend' | 'threads'>,
): NetworkDefinition {
  const { network, batch, threads } = configuration;
  const definition = defineNetwork(network);
  definition.checkPlans(batch);
  const backend = selectBackend(configuration.backend);
  for (const stage of definition.stages) {
    const use = backend.memory?.(stage.plan(batch), threads === undefined ? {} : { threads });
    if (use) checkMemory(backend.name, use);
  }
  return definition;
}
