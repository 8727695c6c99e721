/**
 * A session of the reference backend: one thread runs op after op over one arena. All steps of a call are
 * checked before the first one runs, so a bad step changes nothing. A backend that computes only some ops
 * itself extends this session.
 */
import { LOSS_BITS } from '../../numerics/index.js';
import { elements, type Op, type Plan, type Tensor, type TensorId } from '../../plan/index.js';
import { checkContents, checkEvaluateStep, checkTrainStep, tensorFinder } from '../checks.js';
import {
  PROFILED_STEPS,
  type Batch,
  type Coefficients,
  type EvaluateResult,
  type EvaluateStep,
  type OpProfile,
  type Session,
  type SessionOptions,
  type SiteStatistics,
  type StepMetrics,
  type StepProfile,
  type TensorData,
  type TrainStep,
} from '../contract.js';
import { Memory, Run } from './run.js';
import { runOp } from './run-op.js';

/** A session on one thread. */
export class ReferenceSession implements Session {
  readonly threads = 1;
  /** The path of products in a profile. */
  protected readonly path: string = 'reference';
  private memory: Memory | null;
  private readonly find: (name: string) => Tensor;
  private readonly profiles: StepProfile[] = [];

  constructor(
    readonly plan: Plan,
    private readonly options: SessionOptions,
  ) {
    this.memory = new Memory(plan, options.seed);
    this.find = tensorFinder(plan);
  }

  async write(tensor: string, data: TensorData): Promise<void> {
    const memory = this.open('write');
    const target = this.find(tensor);
    checkContents(target, data);
    memory.view(target.id).set(data);
  }

  async read(tensor: string): Promise<TensorData> {
    const memory = this.open('read');
    return memory.view(this.find(tensor).id).slice();
  }

  async train(steps: readonly TrainStep[]): Promise<StepMetrics[]> {
    const memory = this.open('train');
    for (const step of steps) checkTrainStep(this.plan, step);
    return steps.map((step) => this.trainStep(memory, step));
  }

  async evaluate(steps: readonly EvaluateStep[]): Promise<EvaluateResult[]> {
    const memory = this.open('evaluate');
    for (const step of steps) checkEvaluateStep(this.plan, step);
    const { evaluate, evaluateInput, logits, probabilities } = this.plan;
    return steps.map((step) => ({
      ...this.runStep(memory, evaluate, evaluateInput, step, step.step, []),
      logits: this.firstRows(memory, logits, step.count),
      probabilities: this.firstRows(memory, probabilities, step.count),
    }));
  }

  async statistics(): Promise<SiteStatistics[]> {
    return this.open('statistics').takeStatistics();
  }

  async profile(): Promise<readonly StepProfile[]> {
    this.open('profile');
    return [...this.profiles];
  }

  async close(): Promise<void> {
    this.memory = null;
  }

  /** One op of a step. */
  protected runOp(op: Op, run: Run): void {
    runOp(op, run);
  }

  private open(who: string): Memory {
    if (!this.memory) throw new Error(`${who}: the session is closed; open a new one`);
    return this.memory;
  }

  private trainStep(memory: Memory, batch: TrainStep): StepMetrics {
    const { train, trainInput } = this.plan;
    const { step, count, coefficients } = batch;
    const { clock } = this.options;
    if (!clock) return this.runStep(memory, train, trainInput, batch, step, coefficients);
    const ops: OpProfile[] = [];
    const startMs = clock();
    const measured = (op: Op, run: Run): void => {
      const opStartMs = clock();
      this.runOp(op, run);
      const paths: OpProfile['paths'] = 'accumulator' in op ? { [this.path]: 1 } : {};
      ops.push({ startMs: opStartMs, timeMs: clock() - opStartMs, paths });
    };
    const metrics = this.runStep(memory, train, trainInput, batch, step, coefficients, measured);
    this.profiles.push({ step, count, startMs, timeMs: clock() - startMs, ops, limit: null });
    if (this.profiles.length > PROFILED_STEPS) this.profiles.shift();
    return metrics;
  }

  private runStep(
    memory: Memory,
    ops: readonly Op[],
    input: TensorId | null,
    batch: Batch,
    step: number,
    coefficients: readonly Coefficients[],
    execute = (op: Op, run: Run): void => this.runOp(op, run),
  ): StepMetrics {
    if (input !== null) putInputs(memory.view(input), batch);
    if (this.plan.labels !== null) memory.view(this.plan.labels).set(batch.labels);
    const run = new Run(memory, batch.count, step, coefficients);
    for (const op of ops) execute(op, run);
    const lossSum = this.plan.arithmetic === 'float32' ? run.loss : run.loss * 2 ** -LOSS_BITS;
    return { count: batch.count, lossSum, correct: run.correct };
  }

  /** A copy of a result's first `count` rows; empty for a hand-made plan without that result. */
  private firstRows(memory: Memory, id: TensorId | null, count: number): TensorData {
    if (id === null) return new Int32Array(0);
    const [, ...row] = this.plan.tensors[id]!.shape;
    return memory.view(id).slice(0, count * elements(row));
  }
}

function putInputs(target: TensorData, { inputs, pixelTable }: Batch): void {
  if (pixelTable === undefined) target.set(inputs);
  else inputs.forEach((pixel, i) => (target[i] = pixelTable[pixel]!));
}
