/** Rules for the tensors that a plan names: inputs, results, parameters, their updates, and states. */
import { ShapeError } from './errors.js';
import { opWrites } from './ops/index.js';
import type { Plan } from './plan.js';
import type { Tensor } from './types.js';

type Ends = 'trainInput' | 'evaluateInput' | 'labels' | 'logits' | 'probabilities';

const ROLES: Readonly<Record<Ends | 'parameters' | 'updates' | 'states', readonly Tensor['role'][]>> = {
  trainInput: ['activation'],
  evaluateInput: ['activation'],
  labels: ['label'],
  logits: ['activation'],
  probabilities: ['probability'],
  parameters: ['weight', 'bias'],
  updates: ['update'],
  states: ['running'],
};

/** A tensor that the plan names has its role, keeps its value, and is named once; a list pairs parameters with updates. */
export function checkEnds(plan: Plan): void {
  for (const [end, roles] of Object.entries(ROLES) as [keyof typeof ROLES, readonly Tensor['role'][]][]) {
    const ids = [plan[end] ?? []].flat();
    const isList = end === 'parameters' || end === 'updates' || end === 'states';
    for (const id of ids) {
      const { name, role, persistent, batched } = plan.tensors[id]!;
      if (!roles.includes(role)) {
        throw new ShapeError(`${end}: ${name} must have the role ${roles.join(' or ')}, got ${role}`);
      }
      if (!persistent) throw new ShapeError(`${end}: ${name} must be persistent`);
      if (batched === isList) {
        throw new ShapeError(`${end}: ${name} must ${isList ? 'not be' : 'be'} batched`);
      }
    }
    if (new Set(ids).size !== ids.length) throw new ShapeError(`${end}: a tensor is listed twice`);
  }
  checkUpdates(plan);
  checkWrites(plan);
}

/** The lists pair each parameter with its update; the sgd ops agree with them and use a group that the plan has. */
function checkUpdates({ train, evaluate, parameters, updates, groups }: Plan): void {
  if (updates.length !== parameters.length) {
    throw new ShapeError(
      `updates: must be one for each of ${parameters.length} parameters, got ${updates.length}`,
    );
  }
  const placeOfParameter = new Map(parameters.map((id, place) => [id, place]));
  const placeOfUpdate = new Map(updates.map((id, place) => [id, place]));
  for (const op of [...train, ...evaluate]) {
    if (op.kind !== 'sgd') continue;
    if (op.group >= groups) {
      throw new ShapeError(
        `${op.layer}: sgd.group must be below the plan's ${groups} groups, got ${op.group}`,
      );
    }
    if (placeOfParameter.get(op.parameter) !== placeOfUpdate.get(op.update)) {
      throw new ShapeError(
        `${op.layer}: sgd must change a parameter and its update at the same place of their lists`,
      );
    }
  }
}

/** No op writes inputs or labels, and an evaluation leaves all that a training step keeps. */
function checkWrites({ train, evaluate, tensors, trainInput, evaluateInput, labels, ...lists }: Plan): void {
  const given = new Set([trainInput, evaluateInput, labels]);
  const kept = new Set([...lists.parameters, ...lists.updates, ...lists.states]);
  for (const op of [...train, ...evaluate]) {
    for (const id of opWrites(op)) {
      if (given.has(id))
        throw new ShapeError(`${op.layer}: ${op.kind} writes ${tensors[id]!.name}, an input of the step`);
    }
  }
  for (const op of evaluate) {
    for (const id of opWrites(op)) {
      if (kept.has(id)) {
        throw new ShapeError(
          `${op.layer}: ${op.kind} writes ${tensors[id]!.name}; an evaluation changes no parameter or state`,
        );
      }
    }
  }
}
