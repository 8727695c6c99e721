/** Operands for the contract suite: repeatable, and rich in values at which integer code fails. */
import type { Format, Storage } from '../../src/numerics/index.js';
import type { Tensor } from '../../src/plan/index.js';
import type { TensorData } from '../../src/backend/contract.js';
import { siteHashOracle } from '../support/oracle.js';

/** `full`: the whole range and its ends. `ends`: nothing else. `small`: results mostly fit. `ties`: few one bits, many ties. */
export type Style = 'full' | 'ends' | 'small' | 'ties';

/** A 32-bit xorshift; a test only needs it to be repeatable. */
export function generator(name: string): () => number {
  let state = siteHashOracle(name) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** A raw integer of a format of `bits` bits. */
function raw(random: () => number, bits: number, style: Style): number {
  const choice = random() % 8;
  const max = 2 ** (bits - 1) - 1;
  const uniform = (random() | 0) >> (32 - bits);
  if (style === 'ends') return choice < 6 ? -max - 1 : max;
  if (choice === 0) return [0, 1, -1, 2][random() % 4]!;
  if (style === 'small') return uniform >> Math.floor(bits / 2);
  if (style === 'ties') {
    const power = 2 ** (random() % (bits - 1));
    return choice < 4 ? power : choice < 7 ? -power : Math.min(3 * power, max);
  }
  if (choice === 1) return max;
  if (choice === 2) return -max - 1;
  return uniform;
}

const ARRAYS = { uint8: Uint8Array, int16: Int16Array, int32: Int32Array, float32: Float32Array };

export function typedArray(storage: Storage, values: readonly number[]): TensorData {
  return ARRAYS[storage].from(values);
}

function wordLength(format: Format): number {
  return format.il + format.fl;
}

/** Contents for a tensor: raw integers of its format, classes below `limit`, or positions below `limit`. */
export function contents(tensor: Tensor, style: Style, limit: number): TensorData {
  const random = generator(tensor.name);
  const { format } = tensor;
  const value = (): number => {
    if (format === null) return random() % limit;
    return format === 'float32' ? (random() % 15) - 7 : raw(random, wordLength(format), style);
  };
  const length = tensor.shape.reduce((a, b) => a * b, 1);
  return typedArray(tensor.storage, Array.from({ length }, value));
}
