/** Records of products: matrix products, convolutions and their gradients, and the gradient of a bias. */
import type { Accumulator } from '../../../numerics/index.js';
import type {
  BiasGradientOp,
  Conv2dInputGradientOp,
  Conv2dOp,
  Conv2dWeightGradientOp,
  MatmulOp,
  TensorId,
} from '../../../plan/index.js';
import * as layout from '../layout.generated.js';
import { tileBiasGradient, tileProduct, type ProductOp } from '../tiling.js';
import type { RecordBuilder } from './record.js';

const AXES = { m: 1, k: 2 } as const;

export function matmul(op: MatmulOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_MATMUL);
  record.operand(layout.LHS, op.lhs);
  record.operand(layout.RHS, op.rhs);
  record.operand(layout.OUT, op.out);
  bias(op.bias, op.biasShift, record);
  record.put(layout.M, op.m);
  record.put(layout.N, op.n);
  record.put(layout.K, op.k);
  record.put(layout.BATCH_AXIS, op.batchAxis ? AXES[op.batchAxis] : 0);
  record.put(layout.TRANSPOSE_LHS, Number(op.transposeLhs));
  record.put(layout.TRANSPOSE_RHS, Number(op.transposeRhs));
  accumulator(op.accumulator, record);
  record.convert(layout.CONVERT, op.convert);
  tile(op, record);
}

export function conv2d(op: Conv2dOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_CONV);
  record.operand(layout.LHS, op.input);
  record.operand(layout.RHS, op.weight);
  record.operand(layout.OUT, op.out);
  bias(op.bias, op.biasShift, record);
  convolution(op, record);
  tile(op, record);
}

export function conv2dInputGradient(op: Conv2dInputGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_CONV_INPUT_GRADIENT);
  record.operand(layout.LHS, op.dOutput);
  record.operand(layout.RHS, op.weight);
  record.operand(layout.OUT, op.out);
  convolution(op, record);
  tile(op, record);
}

export function conv2dWeightGradient(op: Conv2dWeightGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_CONV_WEIGHT_GRADIENT);
  record.operand(layout.LHS, op.input);
  record.operand(layout.RHS, op.dOutput);
  record.operand(layout.OUT, op.out);
  convolution(op, record);
  tile(op, record);
  if (record.get(layout.PATH) === layout.PATH_TILED) record.addUpBy(layout.KIND_CONV_WEIGHT_GRADIENT_END);
}

export function biasGradient(op: BiasGradientOp, record: RecordBuilder): void {
  record.put(layout.KIND, layout.KIND_BIAS_GRADIENT);
  record.operand(layout.LHS, op.dOutput);
  record.operand(layout.OUT, op.out);
  record.put(layout.N, op.n);
  record.put(layout.SIZE, op.rowsPerExample);
  record.convert(layout.CONVERT, op.convert);
  if (op.convert === null) return;
  record.scratch(tileBiasGradient(op));
  record.addUpBy(layout.KIND_BIAS_GRADIENT_END);
}

function bias(id: TensorId | null, shift: number, record: RecordBuilder): void {
  if (id === null) return;
  record.operand(layout.BIAS, id);
  record.put(layout.BIAS_SHIFT, shift);
}

function accumulator(register: Accumulator, record: RecordBuilder): void {
  if (register === 'exact') {
    record.put(layout.ACCUMULATOR, layout.EXACT);
    return;
  }
  record.put(layout.ACCUMULATOR, register.overflow === 'wrap' ? layout.WRAP : layout.SATURATE);
  record.put(layout.ACCUMULATOR_WIDTH, register.width);
}

function convolution(op: Exclude<ProductOp, MatmulOp>, record: RecordBuilder): void {
  record.window(op.window);
  record.put(layout.OUT_CHANNELS, op.outChannels);
  accumulator(op.accumulator, record);
  record.convert(layout.CONVERT, op.convert);
}

/** Cuts a product into tiles. Sums that saturate after every product keep their order instead. */
function tile(op: ProductOp, record: RecordBuilder): void {
  const saturates = op.accumulator !== 'exact' && op.accumulator.overflow === 'saturate';
  if (!saturates) record.scratch(tileProduct(record.plan, op, record.threads, record.choice));
}
