/**
 * The stages of a network whose precision changes during training: the configuration of each stage. The train
 * room decides when a stage begins; docs/training.md, "Precision schedule".
 */
import { InputTypeError } from '../numerics/index.js';
import type { NetworkConfiguration } from './configuration.js';

/**
 * The configurations of the stages after the first, without schedules.
 * @throws TypeError for a float32 network, or a stage in float32.
 */
export function stageConfigurations(configuration: NetworkConfiguration): NetworkConfiguration[] {
  const { precisionSchedule = [], ...first } = configuration;
  if (precisionSchedule.length > 0 && first.formats === 'float32') {
    throw new InputTypeError(
      'network: float32 has no precision schedule; leave it out, or choose fixed-point formats',
    );
  }
  let current: NetworkConfiguration = first;
  return precisionSchedule.map(({ formats = current.formats, rounding = current.rounding }, i) => {
    if (formats === 'float32') {
      throw new InputTypeError(
        `precisionSchedule[${String(i)}]: a network is float32 or fixed-point as a whole; choose fixed-point formats`,
      );
    }
    current = { ...current, formats, ...(rounding !== undefined && { rounding }) };
    return current;
  });
}

/** Calls a function for a stage; an error in any stage after the first names the stage. */
export function inStage<T>(stage: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (stage > 0 && error instanceof Error) {
      error.message = `precisionSchedule[${String(stage - 1)}]: ${error.message}`;
    }
    throw error;
  }
}
