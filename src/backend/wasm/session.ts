/** A session: puts batches where the kernels look for them, starts runs, and reads results. It computes nothing. */
import { availableThreads, maySleep } from '#wasm-host';
import { LOSS_BITS, type Key } from '../../numerics/index.js';
import { opMacs, type Plan, type Tensor, type TensorId } from '../../plan/index.js';
import { checkContents, checkEvaluateStep, checkTrainStep, tensorFinder } from '../checks.js';
import {
  type Coefficients,
  type EvaluateResult,
  type EvaluateStep,
  type Session,
  type SiteStatistics,
  type StepMetrics,
  type StepProfile,
  type TensorData,
  type TrainStep,
} from '../contract.js';
import { BatchTarget } from './batch-target.js';
import type { Program } from './records/index.js';
import type { KernelExports } from './kernels.js';
import * as layout from './layout.generated.js';
import type { SessionMemory } from './memory.js';
import type { WorkerPool } from './pool.js';
import { Profiler } from './profiler.js';

/** Multiply-adds that take about ten milliseconds. */
const MACS_PER_TURN = 2 ** 28;
/** Of steps with hardly any: each takes other time as well. */
const STEPS_PER_TURN = 16;

/** Turns of a spin loop, a nanosecond each or less. At a barrier: to be woken takes longer than most waits are. */
const SPINS = 40_000;
/** Between runs, some tenths of a millisecond: longer than the time between two steps, and no more. */
const IDLE_SPINS = 600_000;
/** Where threads outnumber cores, who spins keeps another from working. */
const FEW_SPINS = 100;

export class WasmSession implements Session {
  readonly plan: Plan;
  readonly threads: number;
  readonly stepsPerTurn: number;
  readonly #find: (name: string) => Tensor;
  readonly #memory: SessionMemory;
  readonly #kernels: KernelExports;
  readonly #pool: WorkerPool;
  readonly #profiler: Profiler | null;
  readonly #train: BatchTarget;
  readonly #evaluate: BatchTarget;
  // Views of what every step reads and writes, made once.
  readonly #coefficients: Int32Array | Float64Array;
  readonly #losses: Float64Array;
  readonly #correct: Int32Array;
  readonly #statistics: readonly BigInt64Array[];
  #closed = false;
  #running = false;

  constructor(
    plan: Plan,
    threads: number,
    seed: Key,
    memory: SessionMemory,
    kernels: KernelExports,
    pool: WorkerPool,
    clock: (() => number) | undefined,
  ) {
    this.plan = plan;
    this.threads = threads;
    this.stepsPerTurn = stepsPerTurn(plan);
    this.#find = tensorFinder(plan);
    this.#memory = memory;
    this.#kernels = kernels;
    this.#pool = pool;
    this.#profiler = clock ? new Profiler(plan, threads, memory, clock) : null;
    const { encoded } = memory;
    this.#train = new BatchTarget(plan, plan.trainInput, encoded.train, memory);
    this.#evaluate = new BatchTarget(plan, plan.evaluateInput, encoded.evaluate, memory);
    const { coefficients, statistics, statisticsBytes } = encoded;
    this.#coefficients =
      plan.arithmetic === 'float32'
        ? memory.float64(coefficients, plan.groups * 3)
        : memory.int32(coefficients, plan.groups * 6);
    this.#losses = memory.float64(encoded.losses, plan.batch);
    this.#correct = memory.int32(encoded.correct, plan.batch);
    this.#statistics = Array.from({ length: threads }, (_, thread) =>
      memory.bigInt64(statistics + thread * statisticsBytes, statisticsBytes >> 3),
    );
    const isCrowded = threads > availableThreads();
    const control: [field: number, value: number][] = [
      [layout.THREADS, threads],
      [layout.SPINS, isCrowded ? FEW_SPINS : SPINS],
      [layout.IDLE_SPINS, isCrowded ? FEW_SPINS : IDLE_SPINS],
      [layout.MAY_SLEEP, Number(maySleep)],
      [layout.SEED_LOW, seed.lo],
      [layout.SEED_HIGH, seed.hi],
      [layout.COEFFICIENTS, encoded.coefficients],
      [layout.STATISTICS, encoded.statistics],
      [layout.STATISTICS_BYTES, encoded.statisticsBytes],
      [layout.SCRATCH, encoded.scratch],
      [layout.SCRATCH_BYTES, encoded.scratchBytes],
      [layout.LOSSES, encoded.losses],
      [layout.CORRECT, encoded.correct],
    ];
    for (const [field, value] of control) memory.setControl(field, value);
  }

  async write(name: string, data: TensorData): Promise<void> {
    this.#ready('write');
    const tensor = this.#find(name);
    checkContents(tensor, data);
    this.#memory.view(tensor).set(data);
  }

  async read(name: string): Promise<TensorData> {
    this.#ready('read');
    return this.#memory.view(this.#find(name)).slice();
  }

  async train(steps: readonly TrainStep[]): Promise<StepMetrics[]> {
    this.#ready('train');
    for (const step of steps) checkTrainStep(this.plan, step);
    const metrics: StepMetrics[] = [];
    this.#running = true;
    try {
      for (const step of steps) {
        metrics.push(await (this.#profiler ? this.#profiledStep(step, this.#profiler) : this.#step(step)));
      }
    } finally {
      this.#running = false;
    }
    return metrics;
  }

  async evaluate(steps: readonly EvaluateStep[]): Promise<EvaluateResult[]> {
    this.#ready('evaluate');
    for (const step of steps) checkEvaluateStep(this.plan, step);
    const results: EvaluateResult[] = [];
    this.#running = true;
    try {
      for (const step of steps) {
        this.#setStep(step.count, step.step);
        await this.#run(this.#evaluate.put(step));
        results.push({
          ...this.#metrics(step.count),
          logits: this.#rows(this.plan.logits, step.count),
          probabilities: this.#rows(this.plan.probabilities, step.count),
        });
      }
    } finally {
      this.#running = false;
    }
    return results;
  }

  async statistics(): Promise<SiteStatistics[]> {
    this.#ready('statistics');
    const rows = this.#statistics;
    const counted = this.plan.sites.map((site): SiteStatistics => {
      const first = (site.statistics * layout.COUNTER_BYTES) >> 3;
      const values = (field: number): number[] => rows.map((row) => Number(row[first + (field >> 3)]));
      const sum = (field: number): number => values(field).reduce((total, value) => total + value, 0);
      return {
        site: site.site,
        elements: sum(layout.COUNT_ELEMENTS),
        saturatedHigh: sum(layout.COUNT_HIGH),
        saturatedLow: sum(layout.COUNT_LOW),
        flushed: sum(layout.COUNT_FLUSHED),
        maxMagnitude: Math.max(...values(layout.COUNT_MAGNITUDE)),
        swallowed: sum(layout.COUNT_SWALLOWED),
        gradients: sum(layout.COUNT_GRADIENTS),
        swallowedGradients: sum(layout.COUNT_SWALLOWED_GRADIENTS),
      };
    });
    for (const row of rows) row.fill(0n);
    return counted;
  }

  async profile(): Promise<readonly StepProfile[]> {
    this.#ready('profile');
    return [...(this.#profiler?.steps ?? [])];
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool.close();
  }

  #ready(who: string): void {
    if (this.#closed) throw new Error(`${who}: the session is closed; open a new one`);
    if (this.#running) throw new Error(`${who}: a session does one thing at a time; await the run before`);
    this.#pool.check();
  }

  async #step(step: TrainStep): Promise<StepMetrics> {
    this.#setStep(step.count, step.step);
    this.#setCoefficients(step.coefficients);
    await this.#run(this.#train.put(step));
    return this.#metrics(step.count);
  }

  /** The same, op by op and with a look at the clock; then the limit. */
  async #profiledStep(step: TrainStep, profiler: Profiler): Promise<StepMetrics> {
    const run = (program: Program): Promise<void> => this.#run(program);
    const startMs = profiler.clock();
    const { ops: records, pixels } = this.#train;
    this.#setStep(step.count, step.step);
    this.#setCoefficients(step.coefficients);
    if (this.#train.put(step) !== records && pixels) await run(pixels);
    const ops = await profiler.ops(run);
    const metrics = this.#metrics(step.count);
    const timeMs = profiler.clock() - startMs;
    const limit = await profiler.limit(run);
    profiler.keep({ step: step.step, count: step.count, startMs, timeMs, ops, limit });
    return metrics;
  }

  #setStep(count: number, step: number): void {
    const memory = this.#memory;
    memory.setControl(layout.COUNT, count);
    memory.setControl(layout.STEP_LOW, step | 0);
    memory.setControl(layout.STEP_HIGH, Math.floor(step / 2 ** 32));
    this.#losses.fill(0, 0, count);
    this.#correct.fill(0, 0, count);
  }

  #setCoefficients(coefficients: readonly Coefficients[]): void {
    const view = this.#coefficients;
    // Integers are i64 there, and never negative nor of more than 31 bits: the high words stay 0.
    const stride = view instanceof Int32Array ? 2 : 1;
    let at = 0;
    for (const { momentum, rate, decay } of coefficients) {
      view[at] = momentum;
      view[at + stride] = rate;
      view[at + 2 * stride] = decay;
      at += 3 * stride;
    }
  }

  async #run(program: Program): Promise<void> {
    // Nothing to meet at: a worker that wakes late would take the next run for this one.
    if (program.length === 0) return;
    this.#memory.setControl(layout.PROGRAM, program.address);
    this.#memory.setControl(layout.PROGRAM_LENGTH, program.length);
    let done = this.#kernels.run();
    while (!done) {
      await this.#pool.lookAfter();
      done = this.#kernels.resume();
    }
  }

  #metrics(count: number): StepMetrics {
    let lossSum = 0;
    let correct = 0;
    for (let example = 0; example < count; example++) {
      lossSum += this.#losses[example]!;
      correct += this.#correct[example]!;
    }
    return {
      count,
      lossSum: this.plan.arithmetic === 'fixed' ? lossSum * 2 ** -LOSS_BITS : lossSum,
      correct,
    };
  }

  /** A copy of the first `count` rows of a batched tensor; empty where the plan has none. */
  #rows(id: TensorId | null, count: number): TensorData {
    if (id === null) return new Int32Array(0);
    const view = this.#memory.view(this.plan.tensors[id]!);
    return view.slice(0, (view.length / this.plan.batch) * count);
  }
}

function stepsPerTurn(plan: Plan): number {
  // Sums that saturate after every product take a hundred times as long.
  if (plan.train.some((op) => 'accumulator' in op && op.accumulator !== 'exact')) return 1;
  const macs = plan.train.reduce((sum, op) => sum + opMacs(op, plan), 0);
  return Math.max(1, Math.min(STEPS_PER_TURN, Math.floor(MACS_PER_TURN / macs)));
}
