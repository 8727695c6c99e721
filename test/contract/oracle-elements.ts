/** Ops that work element by element or row by row, in BigInt. */
import type {
  AddOp,
  DropoutOp,
  ReluGradientOp,
  ReluOp,
  SgdOp,
  SoftmaxCrossEntropyOp,
  TensorId,
} from '../../src/plan/index.js';
import { softmaxOracle } from '../support/oracle.js';
import { cutsDown, exactShare } from './oracle-windows.js';
import type { Oracle } from './oracle.js';

export function relu(op: ReluOp, oracle: Oracle): void {
  const input = oracle.tensors[op.input]!;
  for (let i = 0; i < oracle.length(op.out); i += 1) oracle.tensors[op.out]![i] = Math.max(input[i]!, 0);
}

export function reluGradient(op: ReluGradientOp, oracle: Oracle): void {
  const output = oracle.tensors[op.output]!;
  const dOutput = oracle.tensors[op.dOutput]!;
  for (let i = 0; i < oracle.length(op.out); i += 1) {
    oracle.tensors[op.out]![i] = output[i]! > 0 ? dOutput[i]! : 0;
  }
}

export function add(op: AddOp, oracle: Oracle): void {
  const [lhs, rhs] = [oracle.tensors[op.lhs]!, oracle.tensors[op.rhs]!];
  const fl = [op.lhs, op.rhs].map((id) => {
    const { format } = oracle.plan.tensors[id]!;
    return format === null || format === 'float32' ? 0 : format.fl;
  });
  const most = Math.max(...fl);
  for (let i = 0; i < oracle.length(op.out); i += 1) {
    const sum = BigInt(lhs[i]!) * 2n ** BigInt(most - fl[0]!) + BigInt(rhs[i]!) * 2n ** BigInt(most - fl[1]!);
    oracle.set(op.out, op.convert, i, sum);
  }
}

export function dropout(op: DropoutOp, oracle: Oracle): void {
  const input = oracle.tensors[op.input]!;
  for (let i = 0; i < oracle.length(op.out); i += 1) {
    const kept = oracle.word(op.maskHash, i, 16) >= op.threshold;
    const value = BigInt(input[i]!);
    const exact = () => exactShare(value * 2n ** 10n, 65536 - op.threshold); // 2^40 in all
    const scaled = cutsDown(op.convert) ? exact() : value * BigInt(op.scale);
    oracle.set(op.out, op.convert, i, kept ? scaled : 0n);
  }
}

export function softmaxCrossEntropy(op: SoftmaxCrossEntropyOp, oracle: Oracle): void {
  const { classes } = op;
  const { format } = oracle.plan.tensors[op.logits]!;
  if (format === null || format === 'float32')
    throw new Error('the oracle knows softmax in fixed point only');
  for (let row = 0; row < oracle.rows(op.logits); row += 1) {
    const logits = oracle.tensors[op.logits]!.slice(row * classes, (row + 1) * classes);
    const label = oracle.tensors[op.labels]![row]!;
    const { probabilities, loss } = softmaxOracle(logits, format.fl, label);
    oracle.loss += loss;
    if (logits.indexOf(Math.max(...logits)) === label) oracle.correct += 1;
    probabilities.forEach((probability, i) => {
      oracle.tensors[op.probabilities]![row * classes + i] = Number(probability);
      const error = probability - (i === label ? 2n ** 30n : 0n);
      if (op.error !== null) oracle.set(op.error, op.convert, row * classes + i, error);
    });
  }
}

/** Fraction bits of a tensor's format. */
function fractionBits(oracle: Oracle, id: TensorId): number {
  const { format } = oracle.plan.tensors[id]!;
  if (format === null || format === 'float32') throw new Error('the oracle knows sgd in fixed point only');
  return format.fl;
}

/** The integers, each with its own fraction bits, as one sum with as many fraction bits as the site starts from. */
function aligned(from: number, terms: readonly (readonly [value: bigint, fractionBits: number])[]): bigint {
  return terms.reduce((sum, [value, bits]) => sum + value * 2n ** BigInt(from - bits), 0n);
}

export function sgd(op: SgdOp, oracle: Oracle): void {
  const [w, g, u] = [op.parameter, op.gradient, op.update] as const;
  const { momentum, rate, decay } = oracle.coefficients[op.group]!;
  const product = (id: TensorId, i: number, coefficient: number): readonly [bigint, number] => [
    BigInt(coefficient) * BigInt(oracle.tensors[id]![i]!),
    30 + fractionBits(oracle, id),
  ];
  for (let i = 0; i < oracle.length(w); i += 1) {
    const terms = [product(u, i, momentum), product(g, i, -rate)];
    if (op.decays) terms.push(product(w, i, -decay));
    const exact = aligned(op.updateConvert!.from, terms);
    const update = oracle.set(u, op.updateConvert, i, exact);
    const before = oracle.tensors[w]![i]!;
    const sum = aligned(op.parameterConvert!.from, [
      [BigInt(before), fractionBits(oracle, w)],
      [BigInt(update), fractionBits(oracle, u)],
    ]);
    const after = oracle.set(w, op.parameterConvert, i, sum);
    const isSwallowed = exact !== 0n && after === before;
    oracle.countStep(op.parameterConvert!, oracle.tensors[g]![i] !== 0, isSwallowed);
  }
}
