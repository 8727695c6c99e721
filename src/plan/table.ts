/** A plan as rows to print, one op per row, with numbers left to the caller's layout; and as JSON. */
import { formatText, roundingText } from '../numerics/index.js';
import { opBytes, opMacs, planTotals, type PlanTotals } from './cost.js';
import { shapeText } from './errors.js';
import { opConverts, opReads, opWrites, type Op } from './ops/index.js';
import { checkPlan, type Plan } from './plan.js';
import type { TensorId } from './types.js';

/** One op of a program. Shapes are those of a full batch. */
export interface PlanRow {
  readonly program: 'train' | 'evaluate';
  readonly op: string;
  readonly layer: string;
  readonly phase: Op['phase'];
  /** `conv1/output [100, 24, 24, 8] <6,10>` for every operand and result. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** `conv1/output 24 -> <6,10> stochastic, 16-bit` for every rounding site of the op. */
  readonly sites: readonly string[];
  readonly macs: number;
  readonly bytes: number;
}

/** Rows of both programs in order. */
export function planTable(plan: Plan): PlanRow[] {
  checkPlan(plan);
  return [
    ...plan.train.map((op) => planRow(plan, 'train', op)),
    ...plan.evaluate.map((op) => planRow(plan, 'evaluate', op)),
  ];
}

function planRow(plan: Plan, program: 'train' | 'evaluate', op: Op): PlanRow {
  const describe = (id: TensorId): string => {
    const { name, shape, format, storage } = plan.tensors[id]!;
    return `${name} ${shapeText(shape)} ${format === null ? storage : formatText(format)}`;
  };
  return {
    program,
    op: op.kind,
    layer: op.layer,
    phase: op.phase,
    reads: opReads(op).map(describe),
    writes: opWrites(op).map(describe),
    sites: opConverts(op).map(
      (site) =>
        `${site.site} ${site.from} -> ${formatText(site.format)} ${roundingText(site.rounding)}` +
        (site.rounding.mode === 'stochastic' ? `, ${site.randomWidth}-bit` : ''),
    ),
    macs: opMacs(op, plan),
    bytes: opBytes(op, plan),
  };
}

/** The plan with its totals, ready for JSON.stringify. */
export function planJson(plan: Plan): { readonly totals: PlanTotals } & Plan {
  return { totals: planTotals(plan), ...plan };
}
