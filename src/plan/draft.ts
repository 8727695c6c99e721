/**
 * A plan being written: its tensors, rounding sites and two lists of ops, with the checks that every op shares.
 * builder.ts adds one method an op. Nothing is computed here.
 */
import { storageOf, type NumberFormat, type Storage, InputError, InputTypeError } from '../numerics/index.js';
import { ShapeError, shapeText } from './errors.js';
import { planMemory } from './memory.js';
import type { Convert, Op, Plan, Tensor, TensorId } from './ops.js';
import { elements } from './shapes.js';
import { SiteRegistry, type SiteSettings } from './sites.js';
import { fractionBits, magnitudeBits } from './update-alignment.js';

/** A tensor as a layer asks for it; the builder gives it an id and a place. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly batched: boolean;
  readonly role: Tensor['role'];
  /** Ignored for labels, positions and, in fixed point, registers. In a float32 plan: `float32`. */
  readonly format: NumberFormat | null;
  readonly persistent?: boolean;
}

/** The tensors that a finished plan names. */
export type PlanEnds = Partial<
  Pick<
    Plan,
    | 'trainInput'
    | 'evaluateInput'
    | 'labels'
    | 'logits'
    | 'probabilities'
    | 'parameters'
    | 'updates'
    | 'states'
    | 'groups'
  >
>;

const BYTES: Readonly<Record<Storage, number>> = { uint8: 1, int16: 2, int32: 4, float32: 4 };
/** Number of bits that hold 0 .. n-1: ceil(log2 n). */
function bitsFor(n: number): number {
  return n <= 1 ? 0 : 32 - Math.clz32(n - 1);
}

/** The state behind PlanBuilder, and what its operations have in common. */
export class PlanDraft {
  readonly arithmetic: 'fixed' | 'float32';
  readonly batch: number;
  /** Parameter gradients are stored as 2^-gradientShift * sum over the batch. */
  readonly gradientShift: number;
  readonly #name: string;
  readonly #tensors: Tensor[] = [];
  readonly #sites = new SiteRegistry();
  readonly #programs = { train: [] as Op[], evaluate: [] as Op[] };
  #program: 'train' | 'evaluate' = 'train';
  #layer = '';
  #phase: Op['phase'] = 'forward';

  constructor(options: { name: string; arithmetic: 'fixed' | 'float32'; batch: number }) {
    if (!Number.isInteger(options.batch) || options.batch < 1 || options.batch > 1 << 20) {
      throw new InputError(`batch: must be a whole number from 1 to 1048576, got ${String(options.batch)}`);
    }
    this.#name = options.name;
    this.arithmetic = options.arithmetic;
    this.batch = options.batch;
    this.gradientShift = options.arithmetic === 'fixed' ? bitsFor(options.batch) : 0;
  }

  /** Layer that emits the ops at present; errors name it. */
  protected get who(): string {
    return this.#layer;
  }

  /** Following tensors and ops belong to this program; tensors of an evaluation are named `inference/...`. */
  program(program: 'train' | 'evaluate'): this {
    this.#program = program;
    return this;
  }

  /** Following ops are emitted by this layer. */
  layer(name: string, phase: Op['phase'] = 'forward'): this {
    this.#layer = name;
    this.#phase = phase;
    return this;
  }

  /** Adds a tensor; its batch dimension comes first in `shape` where `batched`. */
  tensor(spec: TensorSpec): TensorId {
    const name = this.#program === 'evaluate' ? `inference/${spec.name}` : spec.name;
    if (this.#tensors.some((tensor) => tensor.name === name)) {
      throw new InputTypeError(`${name}: two tensors have this name; give each layer a name of its own`);
    }
    if (spec.batched && spec.shape[0] !== this.batch) {
      throw new ShapeError(
        `${name}: a batched tensor starts with the batch size ${String(this.batch)}, got ${shapeText(spec.shape)}`,
      );
    }
    if (spec.shape.some((size) => !Number.isInteger(size) || size < 1)) {
      throw new ShapeError(`${name}: every size must be a whole number from 1, got ${shapeText(spec.shape)}`);
    }
    const id = this.#tensors.length;
    const { format, storage } = this.#elementType(spec);
    this.#tensors.push({
      id,
      name,
      shape: spec.shape,
      batched: spec.batched,
      role: spec.role,
      format,
      storage,
      persistent: spec.persistent ?? false,
      offset: 0,
      sizeBytes: elements(spec.shape) * BYTES[storage],
    });
    return id;
  }

  /** The tensor as it stands; its offset is known after `finish`. */
  get(id: TensorId): Tensor {
    const tensor = this.#tensors[id];
    if (!tensor) throw new Error(`internal: plan: there is no tensor ${String(id)}`);
    return tensor;
  }

  /** The tensor of that name in the current program. */
  find(name: string): TensorId {
    const full = this.#program === 'evaluate' ? `inference/${name}` : name;
    const tensor = this.#tensors.find((candidate) => candidate.name === full);
    if (!tensor) throw new Error(`internal: plan: there is no tensor ${full}`);
    return tensor.id;
  }

  /** The tensor keeps its value after the step and shares memory with no other. */
  keep(id: TensorId): void {
    this.#tensors[id] = { ...this.get(id), persistent: true };
  }

  /** Lays out memory and returns the plan. */
  finish(ends: PlanEnds = {}): Plan {
    const { train, evaluate } = this.#programs;
    const { tensors, arenaBytes } = planMemory(this.#tensors, [train, evaluate]);
    return {
      name: this.#name,
      arithmetic: this.arithmetic,
      batch: this.batch,
      gradientShift: this.gradientShift,
      tensors,
      sites: this.#sites.list,
      train,
      evaluate,
      trainInput: null,
      evaluateInput: null,
      labels: null,
      logits: null,
      probabilities: null,
      parameters: [],
      updates: [],
      states: [],
      groups: 0,
      ...ends,
      arenaBytes,
    };
  }

  protected base(): { layer: string; phase: Op['phase'] } {
    return { layer: this.#layer, phase: this.#phase };
  }

  protected push(op: Op): void {
    this.#programs[this.#program].push(op);
  }

  #elementType(spec: TensorSpec): Pick<Tensor, 'format' | 'storage'> {
    if (spec.role === 'label') return { format: null, storage: 'int32' };
    if (spec.role === 'position') return { format: null, storage: 'uint8' };
    if (spec.role === 'register' && this.arithmetic === 'fixed') return { format: null, storage: 'int32' };
    const { format } = spec;
    if (format === null || (format === 'float32') !== (this.arithmetic === 'float32')) {
      throw new InputTypeError(
        `${spec.name}: a ${this.arithmetic} plan needs ${this.arithmetic === 'fixed' ? 'a fixed-point format' : 'float32'} here`,
      );
    }
    return { format, storage: storageOf(format) };
  }

  /** Hash of a random site that is no rounding site. */
  protected claim(site: string): number {
    return this.#sites.claim(site);
  }

  /** Registers the rounding site of a tensor; null in float32. */
  protected convert(out: Tensor, from: number, settings: SiteSettings): Convert | null {
    return out.format === null || out.format === 'float32'
      ? null
      : this.#sites.add(out.name, from, out.format, settings);
  }

  protected expectElements(tensor: Tensor, count: number): void {
    if (elements(tensor.shape) !== count) {
      throw new ShapeError(
        `${this.#layer}: ${tensor.name} must have ${String(count)} elements, got shape ${shapeText(tensor.shape)}`,
      );
    }
  }

  protected expectFormat(a: Tensor, b: Tensor): void {
    if (
      a.storage !== b.storage ||
      fractionBits(a) !== fractionBits(b) ||
      magnitudeBits(a) !== magnitudeBits(b)
    ) {
      throw new InputTypeError(
        `${this.#layer}: ${b.name} must have the format of ${a.name}; the layer does not round`,
      );
    }
  }

  protected expectSame(a: Tensor, b: Tensor): void {
    this.expectElements(b, elements(a.shape));
    this.expectFormat(a, b);
  }
}
