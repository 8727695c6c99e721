/**
 * The context of an op within a step: memory, number of examples, random key, cells for computing, metrics. A
 * new one is made for every step; the memory and the counters belong to the session.
 */
import {
  Converter,
  parseSeed,
  RandomSite,
  type Accumulator,
  type Key,
  type Seed,
  InputError,
} from '../../numerics/index.js';
import { elements, type Convert, type Plan, type Tensor, type TensorId } from '../../plan/index.js';
import type { Coefficients, SiteStatistics, TensorData } from '../contract.js';
import { ExactCell, SaturatingCell, type Cell, type Elements, type ProductCell } from './cell.js';
import { FloatCell } from './float-cell.js';

/** The arena, its views, and the counters of every rounding site, which are all that a session keeps. */
export class Memory {
  readonly key: Key;
  readonly converters: readonly Converter[];
  /** By site: swallowed updates, gradients that are non-zero, and swallowed updates with such a gradient. */
  readonly swallowed: number[];
  readonly gradients: number[];
  readonly swallowedGradients: number[];
  private readonly views: readonly TensorData[];

  constructor(
    readonly plan: Plan,
    seed: Seed,
  ) {
    this.key = parseSeed(seed);
    this.converters = plan.sites.map((site) => new Converter(site));
    this.swallowed = plan.sites.map(() => 0);
    this.gradients = plan.sites.map(() => 0);
    this.swallowedGradients = plan.sites.map(() => 0);
    // Views of one buffer, so that tensors share memory if the plan permits it.
    const arena = arenaOf(plan);
    this.views = plan.tensors.map((tensor) => viewOf(arena, tensor));
  }

  view(id: TensorId): TensorData {
    return this.views[id]!;
  }

  /** Counters since the last call, in the order of the plan's sites. */
  takeStatistics(): SiteStatistics[] {
    return this.plan.sites.map(({ site }, i) => {
      const converter = this.converters[i]!;
      const { elements, saturatedHigh, saturatedLow, flushed, maxMagnitude } = converter;
      const swallowed = this.swallowed[i]!;
      const gradients = this.gradients[i]!;
      const swallowedGradients = this.swallowedGradients[i]!;
      converter.resetCounters();
      this.swallowed[i] = 0;
      this.gradients[i] = 0;
      this.swallowedGradients[i] = 0;
      return {
        ...{ site, elements, saturatedHigh, saturatedLow, flushed, maxMagnitude },
        ...{ swallowed, gradients, swallowedGradients },
      };
    });
  }
}

function arenaOf({ arenaBytes }: Plan): ArrayBuffer {
  try {
    return new ArrayBuffer(arenaBytes);
  } catch (error) {
    throw new InputError(
      `reference: the engine refuses ${arenaBytes} bytes of memory; use a smaller batch or network`,
      { cause: error },
    );
  }
}

function viewOf(arena: ArrayBuffer, { storage, offset, shape }: Tensor): TensorData {
  const length = elements(shape);
  switch (storage) {
    case 'uint8':
      return new Uint8Array(arena, offset, length);
    case 'int16':
      return new Int16Array(arena, offset, length);
    case 'int32':
      return new Int32Array(arena, offset, length);
    case 'float32':
      return new Float32Array(arena, offset, length);
  }
}

/** One step of one program. */
export class Run {
  /** Sum of the losses, 24 fraction bits (float32: a double), and rows whose first largest logit is the label. */
  loss = 0;
  correct = 0;

  constructor(
    private readonly memory: Memory,
    /** Examples in this step: the rows of batched tensors that take part. */
    readonly count: number,
    /** Number of the step, which is the generator's step word. */
    readonly step: number,
    readonly coefficients: readonly Coefficients[],
  ) {}

  get plan(): Plan {
    return this.memory.plan;
  }

  /** The generator's key. */
  get key(): Key {
    return this.memory.key;
  }

  /** True in the float32 baseline. */
  get isFloat(): boolean {
    return this.plan.arithmetic === 'float32';
  }

  tensor(id: TensorId): Tensor {
    return this.plan.tensors[id]!;
  }

  /** Elements of a tensor used in arithmetic. */
  elements(id: TensorId): Elements {
    const view = this.memory.view(id);
    if (view instanceof Uint8Array)
      throw new Error(`internal: reference: "${this.tensor(id).name}" holds positions`);
    return view;
  }

  /** Window positions of a max-pool. */
  positions(id: TensorId): Uint8Array {
    const view = this.memory.view(id);
    if (!(view instanceof Uint8Array)) {
      throw new Error(`internal: reference: "${this.tensor(id).name}" must hold positions`);
    }
    return view;
  }

  /** Size of a tensor's first dimension in this step; if it is the batch, the number of examples. */
  rows(id: TensorId): number {
    const { batched, shape } = this.tensor(id);
    return batched ? this.count : (shape[0] ?? 1);
  }

  /** Number of a tensor's elements that take part in this step. */
  length(id: TensorId): number {
    const { shape } = this.tensor(id);
    return this.rows(id) * elements(shape.slice(1));
  }

  /** A cell of exact sums for a rounding site; null is the float32 baseline. */
  cell(convert: Convert | null): Cell {
    if (convert === null) return new FloatCell();
    return new ExactCell(this.converter(convert), this.words(convert), 64);
  }

  /** A cell for sums of products in the accumulator of the op. */
  productCell(convert: Convert | null, accumulator: Accumulator): ProductCell {
    if (convert === null || accumulator === 'exact') return this.cell(convert);
    if (accumulator.overflow === 'wrap') {
      return new ExactCell(this.converter(convert), this.words(convert), accumulator.width);
    }
    return new SaturatingCell(this.converter(convert), this.words(convert), accumulator);
  }

  /** The 16-bit random words of a site that does not round. */
  mask(hash: number): RandomSite {
    return new RandomSite(this.key, hash, this.step, 16);
  }

  /** Counts the step of one element of a parameter: its gradient is not zero, its update left it unchanged though that was non-zero. */
  countStep(convert: Convert | null, hasGradient: boolean, isSwallowed: boolean): void {
    if (convert === null) return;
    const { swallowed, gradients, swallowedGradients } = this.memory;
    if (hasGradient) gradients[convert.statistics]! += 1;
    if (isSwallowed) swallowed[convert.statistics]! += 1;
    if (hasGradient && isSwallowed) swallowedGradients[convert.statistics]! += 1;
  }

  /** The site's converter, which also counts. */
  converter(convert: Convert): Converter {
    return this.memory.converters[convert.statistics]!;
  }

  private words(convert: Convert): RandomSite | null {
    if (convert.rounding.mode !== 'stochastic') return null;
    return new RandomSite(this.key, convert.hash, this.step, convert.randomWidth);
  }
}
