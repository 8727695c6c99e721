/**
 * A plan being written: its tensors and rounding sites, with the checks that all ops share. It knows no op: the families in
 * ops/ derive theirs from it, for the builder and for the verification of a plan from outside. Nothing is computed here.
 */
import {
  formatText,
  InputError,
  InputTypeError,
  sameFormat,
  storageOf,
  type Format,
  type NumberFormat,
  type Storage,
} from '../numerics/index.js';
import { bitsFor, fractionBits, magnitudeBits } from './bits.js';
import { ShapeError, shapeText } from './errors.js';
import { elements } from './shapes.js';
import { SiteRegistry, type SiteSettings } from './sites.js';
import type { Convert, OpBase, Tensor, TensorId } from './types.js';

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

const BYTES: Readonly<Record<Storage, number>> = { uint8: 1, int16: 2, int32: 4, float32: 4 };
/** Tensors and sites of a plan, and what the emit functions of all ops have in common. */
export class PlanDraft {
  readonly arithmetic: 'fixed' | 'float32';
  readonly batch: number;
  /** Parameter gradients are stored as 2^-gradientShift * sum over the batch. */
  readonly gradientShift: number;
  readonly #tensors: Tensor[] = [];
  readonly #ids = new Map<string, TensorId>();
  readonly #sites = new SiteRegistry();
  #program: 'train' | 'evaluate' = 'train';
  #layer = '';
  #phase: OpBase['phase'] = 'forward';

  constructor(options: { arithmetic: 'fixed' | 'float32'; batch: number }) {
    if (!Number.isInteger(options.batch) || options.batch < 1 || options.batch > 1 << 20) {
      throw new InputError(`batch: must be a whole number from 1 to 1048576, got ${options.batch}`);
    }
    this.arithmetic = options.arithmetic;
    this.batch = options.batch;
    this.gradientShift = options.arithmetic === 'fixed' ? bitsFor(options.batch) : 0;
  }

  /** Layer that emits the ops at present; errors name it. */
  get who(): string {
    return this.#layer;
  }

  /** Following tensors and ops belong to this program; tensors of an evaluation are named `inference/...`. */
  program(program: 'train' | 'evaluate'): void {
    this.#program = program;
  }

  /** Following ops are emitted by this layer. */
  layer(name: string, phase: OpBase['phase'] = 'forward'): void {
    this.#layer = name;
    this.#phase = phase;
  }

  /** Adds a tensor; its batch dimension comes first in `shape` if `batched`. */
  tensor(spec: TensorSpec): TensorId {
    const name = this.#program === 'evaluate' ? `inference/${spec.name}` : spec.name;
    if (this.#ids.has(name)) {
      throw new InputTypeError(`${name}: two tensors have this name; give each layer a different name`);
    }
    if (spec.batched && spec.shape[0] !== this.batch) {
      throw new ShapeError(
        `${name}: a batched tensor starts with the batch size ${this.batch}, got ${shapeText(spec.shape)}`,
      );
    }
    if (spec.shape.some((size) => !Number.isInteger(size) || size < 1)) {
      throw new ShapeError(`${name}: every size must be a whole number from 1, got ${shapeText(spec.shape)}`);
    }
    const id = this.#tensors.length;
    const { format, storage } = this.#elementType(spec);
    const sizeBytes = elements(spec.shape) * BYTES[storage];
    if (!Number.isSafeInteger(sizeBytes)) {
      throw new ShapeError(
        `${name}: a tensor must have fewer than 2^53 bytes, got shape ${shapeText(spec.shape)}; choose smaller sizes`,
      );
    }
    this.#ids.set(name, id);
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
      sizeBytes,
    });
    return id;
  }

  /** The tensor as it stands; its offset is known after `finish`. */
  get(id: TensorId): Tensor {
    const tensor = this.#tensors[id];
    if (!tensor) throw new Error(`internal: plan: there is no tensor ${id}`);
    return tensor;
  }

  /** The tensor of that name in the current program. */
  find(name: string): TensorId {
    const full = this.#program === 'evaluate' ? `inference/${name}` : name;
    const id = this.#ids.get(full);
    if (id === undefined) throw new Error(`internal: plan: there is no tensor ${full}`);
    return id;
  }

  /** The tensor keeps its value after the step and shares memory with no other. */
  keep(id: TensorId): void {
    this.#tensors[id] = { ...this.get(id), persistent: true };
  }

  /** Layer and phase of the next op. */
  base(): OpBase {
    return { layer: this.#layer, phase: this.#phase };
  }

  /** Every tensor so far, with offset 0. */
  get tensors(): readonly Tensor[] {
    return this.#tensors;
  }

  /** Every rounding site so far, in the order of their counters. */
  get sites(): readonly Convert[] {
    return this.#sites.list;
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
  claim(site: string): number {
    return this.#sites.claim(site);
  }

  /** Registers the rounding site of a tensor; null in float32. */
  convert(out: Tensor, from: number, settings: SiteSettings): Convert | null {
    return out.format === null || out.format === 'float32'
      ? null
      : this.#sites.add(out.name, from, out.format, settings);
  }

  /** A tensor that takes part in arithmetic. */
  operand(id: TensorId): Tensor {
    const tensor = this.get(id);
    if (tensor.format === null) {
      throw new ShapeError(
        `${this.#layer}: ${tensor.name} must hold numbers of a format, got a ${tensor.role}`,
      );
    }
    return tensor;
  }

  /** A tensor of labels, positions or registers. */
  holding(role: 'label' | 'position' | 'register', id: TensorId): Tensor {
    const tensor = this.get(id);
    if (tensor.role !== role) {
      throw new ShapeError(`${this.#layer}: ${tensor.name} must be a ${role}, got a ${tensor.role}`);
    }
    return tensor;
  }

  /** The tensor has `count` elements. */
  expectElements(tensor: Tensor, count: number): void {
    if (elements(tensor.shape) !== count) {
      throw new ShapeError(
        `${this.#layer}: ${tensor.name} must have ${count} elements, got shape ${shapeText(tensor.shape)}`,
      );
    }
  }

  /** Both tensors have one format. */
  expectFormat(a: Tensor, b: Tensor): void {
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

  /** A fixed-point tensor has this format, which the op's formula takes for granted. */
  expectFixed({ name, format }: Tensor, wanted: Format): void {
    if (this.arithmetic === 'fixed' && (format === null || !sameFormat(format, wanted))) {
      throw new ShapeError(
        `${this.#layer}: ${name} must have the format ${formatText(wanted)}, got ${format === null ? 'none' : formatText(format)}`,
      );
    }
  }

  /** Both tensors have one size and format. */
  expectSame(a: Tensor, b: Tensor): void {
    this.expectElements(b, elements(a.shape));
    this.expectFormat(a, b);
  }
}
