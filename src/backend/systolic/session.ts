/**
 * A session whose products run on the array. The host, which is the reference, runs all other ops.
 */
import {
  isProduct,
  operandsOf,
  productOf,
  randomWords,
  RoundingUnit,
  schedule,
  type ArrayConfig,
  type Product,
  type ProductJob,
  type ProductOp,
  type RandomSource,
  type Schedule,
} from '../../hardware/index.js';
import type { Op, Plan } from '../../plan/index.js';
import type { SessionOptions } from '../contract.js';
import { ReferenceSession, type Run } from '../reference/index.js';

/** One product of a step, and its cost on the array. */
export interface ProductReport {
  readonly product: Product;
  readonly schedule: Schedule;
}

/** Computes the results of a product into the job's `out`. */
export type ProductRunner = (job: ProductJob) => void;

/** A session on the array: that of the contract, plus the cycles of its last step. */
export class SystolicSession extends ReferenceSession {
  protected override readonly path = 'systolic';
  private reports: ProductReport[] = [];
  private reported: Run | null = null;

  constructor(
    plan: Plan,
    options: SessionOptions,
    private readonly config: ArrayConfig,
    private readonly random: RandomSource,
    private readonly runner: ProductRunner,
  ) {
    super(plan, options);
  }

  /** The products of the last training or evaluation step in execution order; none before the first. */
  products(): readonly ProductReport[] {
    return this.reports;
  }

  protected override runOp(op: Op, run: Run): void {
    if (isProduct(op)) this.runProduct(op, run);
    else super.runOp(op, run);
  }

  private runProduct(op: ProductOp, run: Run): void {
    const { config } = this;
    const product = productOf(run.plan, op, run.count);
    const { convert } = product;
    this.runner({
      config,
      product,
      operands: operandsOf(product, (id) => run.elements(id), run.count),
      unit: new RoundingUnit(run.converter(convert), product),
      words: randomWords(this.random, config, product, run.key, run.step),
      out: run.elements(op.out) as Int16Array | Int32Array,
    });
    if (this.reported !== run) this.reports = [];
    this.reported = run;
    this.reports.push({ product, schedule: schedule(config, product) });
  }
}
