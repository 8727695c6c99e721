/**
 * Verifies a plan, from the builder or from outside (JSON). First its structure, then a list of rules, each with one subject.
 * The rules of an op are those by which the builder emits it: the op is emitted again and must come out the same, so there is
 * no second copy of a shape check or a proof. docs/plan.md, section "Verifying a plan".
 */
import { isFewbitError, shownText } from '../numerics/index.js';
import { PlanDraft } from './draft.js';
import { ShapeError } from './errors.js';
import { factsOf, OPS, opConverts, opReads, opWrites, type Op } from './ops/index.js';
import type { Plan } from './plan.js';
import { checkEnds } from './verify-ends.js';
import { checkMemory } from './verify-memory.js';
import {
  FLAG,
  FORMAT,
  ID,
  listOf,
  nullable,
  object,
  oneOf,
  SITE,
  TEXT,
  whole,
  type Check,
} from './structure.js';
import type { Tensor } from './types.js';

const TENSOR_FIELDS: Readonly<Record<keyof Tensor, Check>> = {
  id: ID,
  name: TEXT,
  shape: listOf(whole(1)),
  batched: FLAG,
  role: oneOf(
    ...(['weight', 'bias', 'activation', 'error', 'gradient', 'update'] as const),
    ...(['label', 'position', 'probability', 'running', 'register'] as const),
  ),
  format: nullable(FORMAT),
  storage: oneOf('uint8', 'int16', 'int32', 'float32'),
  persistent: FLAG,
  offset: whole(0),
  sizeBytes: whole(1),
};

/** The kind decides which fields an op has. */
const OP: Check = (value, path) => {
  const { kind, layer } = { ...(value as Partial<Record<keyof Op, unknown>> | null) };
  oneOf(...Object.keys(OPS))(kind, `${path}.kind`);
  TEXT(layer, `${path}.layer`);
  const { fields } = OPS[kind as Op['kind']];
  object({ ...fields, kind: TEXT, layer: TEXT, phase: oneOf('forward', 'backward', 'update') })(
    value,
    `${layer as string}: ${kind as string}`,
  );
};

const PLAN_FIELDS: Readonly<Record<keyof Plan, Check>> = {
  name: TEXT,
  arithmetic: oneOf('fixed', 'float32'),
  batch: whole(1),
  gradientShift: whole(0),
  tensors: listOf(object(TENSOR_FIELDS)),
  sites: listOf(SITE),
  train: listOf(OP),
  evaluate: listOf(OP),
  trainInput: nullable(ID),
  evaluateInput: nullable(ID),
  labels: nullable(ID),
  logits: nullable(ID),
  probabilities: nullable(ID),
  parameters: listOf(ID),
  updates: listOf(ID),
  states: listOf(ID),
  groups: whole(0),
  arenaBytes: whole(0),
};

/** The first wrong field of `got`; a separate rule checks the numbers of sites. */
function expectEqual(got: unknown, wanted: unknown, path: string): void {
  if (typeof got === 'object' && got !== null && typeof wanted === 'object' && wanted !== null) {
    for (const key of new Set([...Object.keys(got), ...Object.keys(wanted)])) {
      if (key === 'statistics') continue;
      const field = Array.isArray(wanted) ? `${path}[${key}]` : `${path}.${key}`;
      expectEqual((got as Record<string, unknown>)[key], (wanted as Record<string, unknown>)[key], field);
    }
  } else if (got !== wanted) {
    throw new ShapeError(`${path}: must be ${shownText(wanted)}, got ${shownText(got)}`);
  }
}

/** Sizes, formats and storage of every tensor, and unique names. */
function checkTensors(plan: Plan, draft: PlanDraft): void {
  expectEqual(plan.gradientShift, draft.gradientShift, 'gradientShift');
  for (const tensor of plan.tensors) {
    const id = draft.tensor(tensor);
    const { offset } = tensor;
    expectEqual(tensor, { ...draft.get(id), offset }, tensor.name);
  }
}

/** Every tensor id is an index of the plan's tensors. */
function checkIds(plan: Plan): void {
  const expectId = (id: number, path: string): void => {
    if (id >= plan.tensors.length) {
      throw new ShapeError(`${path}: there is no tensor ${id}; the plan has ${plan.tensors.length}`);
    }
  };
  for (const op of [...plan.train, ...plan.evaluate]) {
    for (const id of [...opReads(op), ...opWrites(op)]) expectId(id, `${op.layer}: ${op.kind}`);
  }
  for (const end of ['trainInput', 'evaluateInput', 'labels', 'logits', 'probabilities'] as const) {
    expectId(plan[end] ?? 0, end);
  }
  for (const list of ['parameters', 'updates', 'states'] as const) {
    plan[list].forEach((id, i) => expectId(id, `${list}[${i}]`));
  }
}

/** Every op is what the builder emits for its tensors: shapes, formats, shifts, sites, and sums that fit in 64 bits. */
function checkOps(plan: Plan, draft: PlanDraft): void {
  for (const op of [...plan.train, ...plan.evaluate]) {
    draft.layer(op.layer, op.phase);
    expectEqual(op, factsOf(op).rebuild(draft, op), `${op.layer}: ${op.kind}`);
  }
}

/** A site belongs to one op and is listed under its number; its name, and so its hash, is unique. */
function checkSites(plan: Plan): void {
  const names = new Set<string>();
  const used = new Set<number>();
  for (const site of [...plan.train, ...plan.evaluate].flatMap(opConverts)) {
    if (names.has(site.site)) {
      throw new ShapeError(`${site.site}: two rounding sites have this name; write each tensor once`);
    }
    names.add(site.site);
    used.add(site.statistics);
    const listed = plan.sites[site.statistics];
    if (listed?.statistics !== site.statistics) {
      throw new ShapeError(
        `${site.site}: its number ${site.statistics} must be its index in the plan's sites`,
      );
    }
    expectEqual(listed, site, `sites[${site.statistics}]`);
  }
  plan.sites.forEach(({ site }, i) => {
    if (!used.has(i))
      throw new ShapeError(`${site}: no op rounds at this site; remove it from the plan's sites`);
  });
  const hashes = new Map(plan.sites.map(({ hash, site }) => [hash, site]));
  for (const op of [...plan.train, ...plan.evaluate]) {
    const owner = op.kind === 'dropout' ? hashes.get(op.maskHash) : undefined;
    if (owner !== undefined) {
      throw new ShapeError(`${op.layer}: its mask has the same hash as ${owner}; rename one of the layers`);
    }
  }
}

/** A program writes a tensor once, and before any op reads it; persistent tensors have a value when it begins. */
function checkOrder({ train, evaluate, tensors }: Plan): void {
  for (const ops of [train, evaluate]) {
    const written = new Set<number>();
    for (const op of ops) {
      for (const id of opReads(op)) {
        const { name, persistent } = tensors[id]!;
        if (!persistent && !written.has(id)) {
          throw new ShapeError(`${op.layer}: ${op.kind} reads ${name} before any op writes it`);
        }
      }
      for (const id of opWrites(op)) {
        if (written.has(id)) {
          throw new ShapeError(
            `${op.layer}: ${op.kind} writes ${tensors[id]!.name}, which an earlier op writes`,
          );
        }
        written.add(id);
      }
    }
  }
}

/** Registers are read with the channels and bits with which they were made. */
function checkRegisters({ train, evaluate }: Plan): void {
  for (const ops of [train, evaluate]) {
    const makers = new Map<number, { channels: number; extraBits: number }>();
    for (const op of ops) {
      if (!('registers' in op)) continue;
      const { channels, extraBits } = op;
      const maker = makers.get(op.registers);
      if (op.kind === 'batchMoments' || op.kind === 'runningMoments') {
        makers.set(op.registers, { channels, extraBits });
      } else if (maker) {
        expectEqual({ channels, extraBits }, maker, `${op.layer}: ${op.kind}`);
      }
    }
  }
}

/** Each rule may rely on those before it; `draft` collects the tensors and sites of the plan that is built again. */
const RULES: readonly ((plan: Plan, draft: PlanDraft) => void)[] = [
  checkTensors,
  checkIds,
  checkOps,
  checkSites,
  checkOrder,
  checkRegisters,
  checkEnds,
  checkMemory,
];

/**
 * Checks a plan of any origin, JSON included, by every rule that the builder proves, and returns it.
 * @throws ShapeError naming the op, tensor or field that breaks a rule.
 */
export function verifyPlan(plan: unknown): Plan {
  object(PLAN_FIELDS)(plan, 'plan');
  const checked = plan as Plan;
  try {
    const draft = new PlanDraft(checked);
    for (const rule of RULES) rule(checked, draft);
  } catch (error) {
    if (error instanceof ShapeError || !isFewbitError(error)) throw error;
    throw new ShapeError(error.message, { cause: error });
  }
  return checked;
}
