/** Batch normalisation in BigInt, from the formulas of docs/numerics.md: divisions are divisions, and a root is Newton's. */
import type {
  BatchMomentsOp,
  BatchNormGradientOp,
  BatchNormInputGradientOp,
  BatchNormOp,
  RunningMomentsOp,
  TensorId,
} from '../../src/plan/index.js';
import type { Oracle } from './oracle.js';

/** n / d to nearest, halves up. */
function nearest(n: bigint, d: bigint): bigint {
  const [numerator, denominator] = [2n * n + d, 2n * d];
  const q = numerator / denominator;
  return numerator % denominator < 0n ? q - 1n : q;
}

/** n * 2^-bits to nearest, halves up. */
function scaled(n: bigint, bits: number): bigint {
  return bits > 0 ? nearest(n, 2n ** BigInt(bits)) : n * 2n ** BigInt(-bits);
}

function root(value: bigint): bigint {
  let x = 2n ** 32n;
  for (;;) {
    const next = (x + value / x) / 2n;
    if (next >= x) return x;
    x = next;
  }
}

function saturated(x: bigint): bigint {
  if (x >= 2n ** 31n) return 2n ** 31n - 1n;
  return x < -(2n ** 31n) ? -(2n ** 31n) : x;
}

function elementsOf(oracle: Oracle, id: TensorId): bigint[] {
  return oracle.tensors[id]!.map(BigInt);
}

function fl(oracle: Oracle, id: TensorId): number {
  const { format } = oracle.plan.tensors[id]!;
  if (format === null || format === 'float32') throw new TypeError('a format');
  return format.fl;
}

function setRegisters(oracle: Oracle, id: TensorId, c: number, mean: bigint, variance: bigint): void {
  const registers = oracle.tensors[id]!;
  const channels = registers.length / 3;
  let half = 0;
  while (variance * 4n ** BigInt(half + 1) < 2n ** 62n) half += 1;
  registers[c] = Number(mean);
  registers[channels + c] = Number(nearest(2n ** 60n, root(variance * 4n ** BigInt(half))));
  registers[2 * channels + c] = 44 - half;
}

export function batchMoments(op: BatchMomentsOp, oracle: Oracle): void {
  const { channels } = op;
  const F = BigInt(op.extraBits);
  const input = elementsOf(oracle, op.input);
  const n = oracle.length(op.input) / channels;
  const rate = BigInt(op.rate);
  for (let c = 0; c < channels; c += 1) {
    const column = Array.from({ length: n }, (_, row) => input[row * channels + c]! << F);
    const mean = nearest(
      column.reduce((a, b) => a + b, 0n),
      BigInt(n),
    );
    const variance = nearest(
      column.reduce((a, x) => a + (x - mean) ** 2n, 0n),
      BigInt(n),
    );
    setRegisters(oracle, op.registers, c, mean, variance + BigInt(op.epsilon));
    for (const [id, convert, value, bits] of [
      [op.mean, op.meanConvert, mean, fl(oracle, op.input) + op.extraBits],
      [op.variance, op.varianceConvert, variance, 2 * (fl(oracle, op.input) + op.extraBits)],
    ] as const) {
      const from = convert!.from - 16;
      const old = BigInt(oracle.tensors[id]![c]!) << BigInt(from - fl(oracle, id));
      oracle.set(id, convert, c, old * (65536n - rate) + (value << BigInt(from - bits)) * rate);
    }
  }
}

export function runningMoments(op: RunningMomentsOp, oracle: Oracle): void {
  const { il } = oracle.plan.tensors[op.mean]!.format as { il: number };
  // Fraction bits of the mean in the registers; the variance has twice as many.
  const bits = op.width - il;
  for (let c = 0; c < op.channels; c += 1) {
    const mean = scaled(BigInt(oracle.tensors[op.mean]![c]!), fl(oracle, op.mean) - bits);
    const running = BigInt(Math.max(0, oracle.tensors[op.variance]![c]!));
    const variance = scaled(running, fl(oracle, op.variance) - 2 * bits);
    setRegisters(oracle, op.registers, c, mean, variance + BigInt(op.epsilon));
  }
}

/** The normalised element at each index. */
function normalised(
  op: { input: TensorId; registers: TensorId; channels: number; extraBits: number },
  oracle: Oracle,
): bigint[] {
  const { channels } = op;
  const registers = elementsOf(oracle, op.registers);
  return elementsOf(oracle, op.input)
    .slice(0, oracle.length(op.input))
    .map((x, i) => {
      const c = i % channels;
      const difference = (x << BigInt(op.extraBits)) - registers[c]!;
      return saturated(scaled(difference * registers[channels + c]!, Number(registers[2 * channels + c]!)));
    });
}

export function batchNorm(op: BatchNormOp, oracle: Oracle): void {
  const [gamma, beta] = [elementsOf(oracle, op.gamma), elementsOf(oracle, op.beta)];
  const { from } = op.convert!;
  normalised(op, oracle).forEach((x, i) => {
    const c = i % op.channels;
    const product = (gamma[c]! * x) << BigInt(from - fl(oracle, op.gamma) - 16);
    oracle.set(op.out, op.convert, i, product + (beta[c]! << BigInt(from - fl(oracle, op.beta))));
  });
}

export function batchNormGradient(op: BatchNormGradientOp, oracle: Oracle): void {
  const { channels } = op;
  const dOutput = elementsOf(oracle, op.dOutput);
  const gamma = elementsOf(oracle, op.gamma);
  const registers = elementsOf(oracle, op.registers);
  const values = normalised(op, oracle);
  const n = BigInt(values.length / channels);
  const factors = oracle.tensors[op.factors]!;
  for (let c = 0; c < channels; c += 1) {
    let [errors, products] = [0n, 0n];
    for (let i = c; i < values.length; i += channels) {
      errors += dOutput[i]!;
      products += dOutput[i]! * values[i]!;
    }
    oracle.set(op.dGamma, op.gammaConvert, c, products);
    oracle.set(op.dBeta, op.betaConvert, c, errors);
    const G = BigInt(op.errorBits);
    factors[c] = Number(nearest(errors << G, n));
    factors[channels + c] = Number(nearest(products << G, n << 16n));
    // gamma times 1 / deviation, which is mantissa * 2^-(shift + 16) in units of the mean: 20 fraction bits.
    const bits =
      fl(oracle, op.gamma) +
      (Number(registers[2 * channels + c]!) + 16) -
      (fl(oracle, op.input) + op.extraBits) -
      20;
    factors[2 * channels + c] = Number(saturated(scaled(gamma[c]! * registers[channels + c]!, bits)));
  }
}

export function batchNormInputGradient(op: BatchNormInputGradientOp, oracle: Oracle): void {
  const { channels } = op;
  const dOutput = elementsOf(oracle, op.dOutput);
  const factors = elementsOf(oracle, op.factors);
  normalised(op, oracle).forEach((x, i) => {
    const c = i % channels;
    const slope = scaled(factors[channels + c]! * x, 16);
    const u = (dOutput[i]! << BigInt(op.errorBits)) - factors[c]! - slope;
    oracle.set(op.out, op.convert, i, u * factors[2 * channels + c]!);
  });
}
