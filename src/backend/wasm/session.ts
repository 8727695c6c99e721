/** A session: puts batches where the kernels look for them, starts runs, and reads results. It computes nothing. */
import { availableThreads, maySleep } from '#wasm-host';
import type { Key } from '../../numerics/index.js';
import type { Plan, Tensor, TensorId } from '../../plan/index.js';
import type {
  Batch,
  Coefficients,
  EvaluateResult,
  EvaluateStep,
  Session,
  SiteStatistics,
  StepMetrics,
  TensorData,
  TrainStep,
} from '../contract.js';
import type { Program } from './encode.js';
import type { KernelExports } from './kernels.js';
import * as layout from './layout.generated.js';
import type { SessionMemory } from './memory.js';
import type { WorkerPool } from './pool.js';

/** Turns of a spin loop, some tens of microseconds: longer than the time between two steps. */
const SPINS = 40_000;
/** Where threads outnumber cores, who spins keeps another from working. */
const FEW_SPINS = 100;

export class WasmSession implements Session {
  readonly plan: Plan;
  readonly threads: number;
  readonly #memory: SessionMemory;
  readonly #kernels: KernelExports;
  readonly #pool: WorkerPool;
  #closed = false;
  #running = false;

  constructor(
    plan: Plan,
    threads: number,
    seed: Key,
    memory: SessionMemory,
    kernels: KernelExports,
    pool: WorkerPool,
  ) {
    this.plan = plan;
    this.threads = threads;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#pool = pool;
    const { encoded } = memory;
    const control: [field: number, value: number][] = [
      [layout.THREADS, threads],
      [layout.SPINS, threads <= availableThreads() ? SPINS : FEW_SPINS],
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

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous: errors must reject
  async write(name: string, data: TensorData): Promise<void> {
    this.#ready();
    const tensor = this.#tensor(name);
    this.#copy(tensor, data, this.#memory.view(tensor).length, name);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async read(name: string): Promise<TensorData> {
    this.#ready();
    return this.#memory.view(this.#tensor(name)).slice();
  }

  async train(steps: readonly TrainStep[]): Promise<StepMetrics[]> {
    this.#ready();
    const metrics: StepMetrics[] = [];
    for (const step of steps) {
      this.#setBatch(step, step.step, this.plan.trainInput);
      this.#setCoefficients(step.coefficients);
      await this.#run(this.#memory.encoded.train);
      metrics.push(this.#metrics(step.count));
    }
    return metrics;
  }

  async evaluate(steps: readonly EvaluateStep[]): Promise<EvaluateResult[]> {
    this.#ready();
    const results: EvaluateResult[] = [];
    for (const step of steps) {
      this.#setBatch(step, step.step, this.plan.evaluateInput);
      await this.#run(this.#memory.encoded.evaluate);
      results.push({
        ...this.#metrics(step.count),
        logits: this.#rows(this.plan.logits, step.count),
        probabilities: this.#rows(this.plan.probabilities, step.count),
      });
    }
    return results;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async statistics(): Promise<SiteStatistics[]> {
    this.#ready();
    const { statistics, statisticsBytes } = this.#memory.encoded;
    const rows = Array.from({ length: this.threads }, (_, thread) =>
      this.#memory.bigInt64(statistics + thread * statisticsBytes, statisticsBytes >> 3),
    );
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
      };
    });
    for (const row of rows) row.fill(0n);
    return counted;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool.close();
  }

  #ready(): void {
    if (this.#closed)
      throw new Error('session: it must be open to be used, got a closed one; open a new session');
    if (this.#running)
      throw new Error('session: one call at a time, got another during a run; await the first');
    this.#pool.check();
  }

  #tensor(name: string): Tensor {
    const tensor = this.plan.tensors.find((candidate) => candidate.name === name);
    if (!tensor) throw new RangeError(`session: the plan must have the tensor, got "${name}"`);
    return tensor;
  }

  /** Copies exactly `length` elements of the right kind into the tensor's first ones. */
  #copy(tensor: Tensor, data: TensorData, length: number, what: string): void {
    const view = this.#memory.view(tensor);
    if (data.constructor !== view.constructor) {
      throw new TypeError(`session: ${what} must be ${tensor.storage} data, got ${data.constructor.name}`);
    }
    if (data.length !== length) {
      throw new RangeError(
        `session: ${what} must have ${String(length)} elements, got ${String(data.length)}`,
      );
    }
    view.set(data);
  }

  #setBatch(batch: Batch, step: number, input: TensorId | null): void {
    const { count } = batch;
    const { plan } = this;
    if (!Number.isInteger(count) || count < 1 || count > plan.batch) {
      throw new RangeError(
        `session: a step has 1 to ${String(plan.batch)} examples, got ${String(count)}; plan a larger batch`,
      );
    }
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new RangeError(`session: step must be an integer from 0 to 2^53 - 1, got ${String(step)}`);
    }
    if (input !== null) {
      const tensor = plan.tensors[input]!;
      this.#copy(tensor, batch.inputs, (this.#memory.view(tensor).length / plan.batch) * count, 'inputs');
    }
    if (plan.labels !== null) this.#copy(plan.tensors[plan.labels]!, batch.labels, count, 'labels');
    const memory = this.#memory;
    memory.setControl(layout.COUNT, count);
    memory.setControl(layout.STEP_LOW, step | 0);
    memory.setControl(layout.STEP_HIGH, Math.floor(step / 2 ** 32));
    memory.float64(memory.encoded.losses, count).fill(0);
    memory.int32(memory.encoded.correct, count).fill(0);
  }

  #setCoefficients(coefficients: readonly Coefficients[]): void {
    const { groups, arithmetic } = this.plan;
    if (coefficients.length !== groups) {
      throw new RangeError(
        `session: a step has one set of coefficients per group, ${String(groups)}, got ${String(coefficients.length)}`,
      );
    }
    const flat = coefficients.flatMap(({ momentum, rate, decay }) => [momentum, rate, decay]);
    const address = this.#memory.encoded.coefficients;
    if (arithmetic === 'float32') this.#memory.float64(address, flat.length).set(flat);
    else this.#memory.bigInt64(address, flat.length).set(flat.map(BigInt));
  }

  async #run(program: Program): Promise<void> {
    this.#memory.setControl(layout.PROGRAM, program.address);
    this.#memory.setControl(layout.PROGRAM_LENGTH, program.length);
    this.#running = true;
    try {
      let done = this.#kernels.run();
      while (!done) {
        await this.#pool.lookAfter();
        done = this.#kernels.resume();
      }
    } finally {
      this.#running = false;
    }
  }

  #metrics(count: number): StepMetrics {
    const { losses, correct } = this.#memory.encoded;
    const lossSum = this.#memory.float64(losses, count).reduce((sum, loss) => sum + loss, 0);
    return {
      count,
      lossSum: this.plan.arithmetic === 'fixed' ? lossSum * 2 ** -24 : lossSum,
      correct: this.#memory.int32(correct, count).reduce((sum, one) => sum + one, 0),
    };
  }

  /** A copy of the first `count` rows of a batched tensor; empty where the plan has none. */
  #rows(id: TensorId | null, count: number): TensorData {
    if (id === null) return new Int32Array(0);
    const view = this.#memory.view(this.plan.tensors[id]!);
    return view.slice(0, (view.length / this.plan.batch) * count);
  }
}
