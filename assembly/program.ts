/*
 * Runs a program: every thread goes through the same records in the same order, does its share of each, and meets the
 * others at a barrier. Waiting spins for a while, then sleeps; thread 0 may be a browser's main thread, which must
 * not sleep, and in any case comes back to JavaScript when the others are overdue, so that a dead one is noticed.
 */
import { add } from './op/add';
import { averagePool, averagePoolGradient } from './op/average-pool';
import {
  batchMoments,
  batchMomentsEnd,
  batchNorm,
  batchNormGradient,
  batchNormGradientEnd,
  batchNormInputGradient,
  runningMoments,
} from './op/batch-norm';
import { biasGradient, biasGradientEnd } from './product/bias-gradient';
import { convolve } from './product/conv';
import { convWeightGradientEnd, convWeightGradientTiled } from './product/conv-gradient';
import { dropout, relu, reluGradient } from './op/elementwise';
import {
  ARRIVED,
  IDLE_SPINS,
  KIND,
  KIND_ADD,
  KIND_AVERAGE_POOL,
  KIND_AVERAGE_POOL_GRADIENT,
  KIND_BATCH_MOMENTS,
  KIND_BATCH_MOMENTS_END,
  KIND_BATCH_NORM,
  KIND_BATCH_NORM_GRADIENT,
  KIND_BATCH_NORM_GRADIENT_END,
  KIND_BATCH_NORM_INPUT_GRADIENT,
  KIND_BIAS_GRADIENT,
  KIND_BIAS_GRADIENT_END,
  KIND_CONV,
  KIND_CONV_INPUT_GRADIENT,
  KIND_CONV_WEIGHT_GRADIENT,
  KIND_CONV_WEIGHT_GRADIENT_END,
  KIND_DROPOUT,
  KIND_LIMIT,
  KIND_MATMUL,
  KIND_MAX_POOL,
  KIND_MAX_POOL_GRADIENT,
  KIND_PIXELS,
  KIND_RELU,
  KIND_RELU_GRADIENT,
  KIND_RUNNING_MOMENTS,
  KIND_SGD,
  KIND_SOFTMAX,
  MAY_SLEEP,
  PATH,
  PATH_FLOAT,
  PATH_TILED,
  PROGRAM,
  PROGRAM_LENGTH,
  RECORD_BYTES,
  SPINS,
  START,
} from './layout';
import { productOrdered } from './product/ordered';
import { convolveFloat, convWeightGradientFloat, matmulFloat } from './float/float-products';
import { limit } from './limit';
import { matmulTiled } from './product/matmul';
import { maxPool, maxPoolGradient } from './op/max-pool';
import { scheduleKeys } from './convert/philox';
import { pixels } from './op/pixels';
import { sgd } from './op/sgd';
import { softmax } from './op/softmax';
import { enter, threads } from './thread';

/** At a barrier a thread sleeps no longer than this, in nanoseconds, before it looks again; thread 0 goes back to JavaScript. */
const NAP: i64 = 100_000_000;

/** A product by the path that was chosen when the plan was encoded. */
function product(record: usize, kind: i32): void {
  const path = load<i32>(record, PATH);
  if (path == PATH_TILED) {
    if (kind == KIND_MATMUL) matmulTiled(record);
    else if (kind == KIND_CONV) convolve(record, false);
    else if (kind == KIND_CONV_INPUT_GRADIENT) convolve(record, true);
    else convWeightGradientTiled(record);
  } else if (path == PATH_FLOAT) {
    if (kind == KIND_MATMUL) matmulFloat(record);
    else if (kind == KIND_CONV) convolveFloat(record, false);
    else if (kind == KIND_CONV_INPUT_GRADIENT) convolveFloat(record, true);
    else convWeightGradientFloat(record);
  } else {
    productOrdered(record);
  }
}

function execute(record: usize): void {
  const kind = load<i32>(record, KIND);
  switch (kind) {
    case KIND_MATMUL:
    case KIND_CONV:
    case KIND_CONV_INPUT_GRADIENT:
    case KIND_CONV_WEIGHT_GRADIENT:
      return product(record, kind);
    case KIND_CONV_WEIGHT_GRADIENT_END:
      return convWeightGradientEnd(record);
    case KIND_BIAS_GRADIENT:
      return biasGradient(record);
    case KIND_BIAS_GRADIENT_END:
      return biasGradientEnd(record);
    case KIND_RELU:
      return relu(record);
    case KIND_RELU_GRADIENT:
      return reluGradient(record);
    case KIND_ADD:
      return add(record);
    case KIND_MAX_POOL:
      return maxPool(record);
    case KIND_MAX_POOL_GRADIENT:
      return maxPoolGradient(record);
    case KIND_AVERAGE_POOL:
      return averagePool(record);
    case KIND_AVERAGE_POOL_GRADIENT:
      return averagePoolGradient(record);
    case KIND_BATCH_MOMENTS:
      return batchMoments(record);
    case KIND_BATCH_MOMENTS_END:
      return batchMomentsEnd(record);
    case KIND_RUNNING_MOMENTS:
      return runningMoments(record);
    case KIND_BATCH_NORM:
      return batchNorm(record);
    case KIND_BATCH_NORM_GRADIENT:
      return batchNormGradient(record);
    case KIND_BATCH_NORM_GRADIENT_END:
      return batchNormGradientEnd(record);
    case KIND_BATCH_NORM_INPUT_GRADIENT:
      return batchNormInputGradient(record);
    case KIND_DROPOUT:
      return dropout(record);
    case KIND_SOFTMAX:
      return softmax(record);
    case KIND_SGD:
      return sgd(record);
    case KIND_PIXELS:
      return pixels(record);
    case KIND_LIMIT:
      return limit(record);
    default:
      unreachable();
  }
}

/*
 * Whether this thread spins before it sleeps. On an idle machine it does, because waking up takes longer than most waits are.
 * If others need the cores, the threads that are awaited are off theirs for milliseconds, and spinning would keep them off.
 * So the share of spins that paid decides. A thread that does not trust spinning tries it again at a few barriers in a row, the
 * same ones as the other threads, because a thread that has to be woken is late at the next barrier.
 */
const ALL: i32 = 256;
const TRUSTED: i32 = 128;
let trust: i32 = ALL;
let idleTrust: i32 = ALL;
/** Barriers that this thread has passed. */
let passed: i32 = 0;

/** The share of spins that paid, of the last eight or so, in 256ths. */
function trustAfter(before: i32, paid: bool): i32 {
  return before + (((paid ? ALL : 0) - before) >> 3);
}

/** A worker's rest until the next run has started: START is no longer `old`. */
function awaitStart(old: i32): void {
  if (idleTrust >= TRUSTED || (old & 15) == 0) {
    for (let turn = load<i32>(IDLE_SPINS); turn > 0; turn--) {
      if (atomic.load<i32>(START) == old) continue;
      idleTrust = trustAfter(idleTrust, true);
      return;
    }
    idleTrust = trustAfter(idleTrust, false);
  }
  while (atomic.load<i32>(START) == old) atomic.wait<i32>(START, old, -1);
}

/** How long thread 0 may sleep: not at all if it is a browser's main thread. */
function napOfThread0(): i64 {
  return load<i32>(MAY_SLEEP) ? NAP : 0;
}

/**
 * Arrivals at which this thread's present barrier is complete. ARRIVED only ever counts up, by one a thread and barrier,
 * and every thread passes the same barriers: nothing is reset, so nothing can be reset at the wrong moment.
 */
let complete: i32 = 0;

/** Counts this thread in at the next barrier; the last one wakes those that sleep. */
function arrive(): void {
  complete += threads;
  passed++;
  if (atomic.add<i32>(ARRIVED, 1) + 1 == complete) atomic.notify(ARRIVED, -1);
}

/** True when all threads have arrived. The difference is right also where the count has wrapped. */
function allArrived(): bool {
  return atomic.load<i32>(ARRIVED) - complete >= 0;
}

/** Waits for the others; false when some are still missing after `nap` nanoseconds of sleep. */
function awaitAll(nap: i64): bool {
  if (trust >= TRUSTED || (passed & 127) < 8) {
    for (let turn = load<i32>(SPINS); turn > 0; turn--) {
      if (!allArrived()) continue;
      trust = trustAfter(trust, true);
      return true;
    }
    trust = trustAfter(trust, false);
  }
  const seen = atomic.load<i32>(ARRIVED);
  if (nap != 0 && seen - complete < 0) atomic.wait<i32>(ARRIVED, seen, nap);
  return allArrived();
}

// Thread 0 only: the record behind which it waits when it has gone back to JavaScript.
let at: i32 = 0;

/**
 * Thread 0's work from record `at` on; false if it gave up waiting for the others at the barrier after `at`.
 */
function proceed(): bool {
  const length = load<i32>(PROGRAM_LENGTH);
  while (at < length) {
    execute(load<u32>(PROGRAM) + <usize>at * RECORD_BYTES);
    arrive();
    if (!awaitAll(napOfThread0())) return false;
    at++;
  }
  return true;
}

/** Runs the program in the control block on all threads. False: still waiting; look after the workers, then `resume`. */
export function run(): bool {
  enter(0);
  scheduleKeys();
  at = 0;
  if (threads > 1) {
    atomic.add<i32>(START, 1);
    atomic.notify(START, -1);
  }
  return proceed();
}

/** Continues waiting, then running. */
export function resume(): bool {
  if (!awaitAll(napOfThread0())) return false;
  at++;
  return proceed();
}

/** A worker's life: takes part in every run, until it is terminated. `started` is START as it was at its birth. */
export function work(number: i32, started: i32): void {
  while (true) {
    awaitStart(started);
    started++;
    enter(number);
    scheduleKeys();
    const length = load<i32>(PROGRAM_LENGTH);
    for (let i = 0; i < length; i++) {
      execute(load<u32>(PROGRAM) + <usize>i * RECORD_BYTES);
      arrive();
      while (!awaitAll(NAP)) continue;
    }
  }
}
