/*
 * Where things are in the linear memory, for both sides of the wall: the kernels load by these byte offsets, the
 * TypeScript side stores by them (scripts/build.mjs copies this file to src/backend/wasm/layout.generated.ts).
 * Plain constants only, so that the text means the same in AssemblyScript and in TypeScript. A field's offset is that of
 * the field before it, plus its bytes: a new field is one line, and the next line's first name.
 */

// Control block, at fixed addresses. The words that threads wait on have a cache line each.
export const START = 64; // number of runs started; workers wait for it to change
export const ARRIVED = 128; // arrivals at barriers since the session began
export const THREADS = 320;
export const SPINS = THREADS + 4; // turns of a spin loop before a thread sleeps at a barrier
export const MAY_SLEEP = SPINS + 4; // 0 where the main thread must not block (a browser's)
export const PROGRAM = MAY_SLEEP + 4; // address of the first record
export const PROGRAM_LENGTH = PROGRAM + 4;
export const COUNT = PROGRAM_LENGTH + 4; // examples in this step
export const STEP_LOW = COUNT + 4;
export const STEP_HIGH = STEP_LOW + 4;
export const SEED_LOW = STEP_HIGH + 4;
export const SEED_HIGH = SEED_LOW + 4;
export const COEFFICIENTS = SEED_HIGH + 4; // address; per group momentum, rate, decay as i64 (f64 in float32 plans)
export const STATISTICS = COEFFICIENTS + 4; // address; per thread one counter row per site
export const STATISTICS_BYTES = STATISTICS + 4; // bytes per thread
export const SCRATCH = STATISTICS_BYTES + 4; // address; one region per thread
export const SCRATCH_BYTES = SCRATCH + 4; // bytes per thread
export const LOSSES = SCRATCH_BYTES + 4; // address; one f64 per example: nats with 24 fraction bits (float32: nats)
export const CORRECT = LOSSES + 4; // address; one i32 per example
export const IDLE_SPINS = CORRECT + 4; // and between runs
export const CONTROL_END = 448;

// Element types
export const TYPE_U8 = 0;
export const TYPE_I16 = 1;
export const TYPE_I32 = 2;
export const TYPE_F32 = 3;

// Accumulators
export const EXACT = 0;
export const WRAP = 1;
export const SATURATE = 2;

// Rounding modes
export const STOCHASTIC = 0;
export const NEAREST_AWAY = 1;
export const NEAREST_EVEN = 2;
export const NEAREST_DOWN = 3;
export const NEAREST_UP = 4;
export const FLOOR = 5;
export const TOWARD_ZERO = 6;

// Record of one rounding site
export const SITE_HASH = 0;
export const SITE_DROP = SITE_HASH + 4;
export const SITE_MODE = SITE_DROP + 4;
export const SITE_MASK = SITE_MODE + 4; // random bits kept
export const SITE_WIDTH = SITE_MASK + 4; // random bits drawn, 16 or 32
export const SITE_WL = SITE_WIDTH + 4;
export const SITE_OVERFLOW = SITE_WL + 4; // WRAP or SATURATE
export const SITE_TYPE = SITE_OVERFLOW + 4;
export const SITE_COUNTERS = SITE_TYPE + 4; // byte offset in a thread's statistics
export const SITE_BYTES = 64;

// Counters of one site, i64 each
export const COUNT_ELEMENTS = 0;
export const COUNT_HIGH = COUNT_ELEMENTS + 8;
export const COUNT_LOW = COUNT_HIGH + 8;
export const COUNT_FLUSHED = COUNT_LOW + 8;
export const COUNT_MAGNITUDE = COUNT_FLUSHED + 8;
export const COUNT_SWALLOWED = COUNT_MAGNITUDE + 8;
export const COUNT_GRADIENTS = COUNT_SWALLOWED + 8; // of a parameter: elements whose gradient is not 0
export const COUNT_SWALLOWED_GRADIENTS = COUNT_GRADIENTS + 8; // of these, those that are swallowed
export const COUNTER_BYTES = 64;

// Kinds of records. Most ops are one record; between two records every thread waits for the others.
export const KIND_MATMUL = 0;
export const KIND_CONV = 1;
export const KIND_CONV_INPUT_GRADIENT = 2;
export const KIND_CONV_WEIGHT_GRADIENT = 3;
export const KIND_BIAS_GRADIENT = 4;
export const KIND_RELU = 5;
export const KIND_RELU_GRADIENT = 6;
export const KIND_MAX_POOL = 7;
export const KIND_MAX_POOL_GRADIENT = 8;
export const KIND_AVERAGE_POOL = 9;
export const KIND_AVERAGE_POOL_GRADIENT = 10;
export const KIND_DROPOUT = 11;
export const KIND_SOFTMAX = 12;
export const KIND_SGD = 13;
export const KIND_CONV_WEIGHT_GRADIENT_END = 14; // adds up the threads' partial sums
export const KIND_BIAS_GRADIENT_END = 15;
export const KIND_LIMIT = 16; // no op: the register-only loop of limit.ts, which the profiler compares products with
export const KIND_ADD = 17;
export const KIND_BATCH_MOMENTS = 18;
export const KIND_BATCH_MOMENTS_END = 19;
export const KIND_RUNNING_MOMENTS = 20;
export const KIND_BATCH_NORM = 21;
export const KIND_BATCH_NORM_GRADIENT = 22;
export const KIND_BATCH_NORM_GRADIENT_END = 23;
export const KIND_BATCH_NORM_INPUT_GRADIENT = 24;
export const KIND_PIXELS = 25; // no op: makes the input of a program from bytes (LHS) by a table (RHS)
export const LIMIT_MACS = 64; // a turn of the limit's loop
export const LIMIT_FLOAT_MACS = 52;

// Record of an op: operands first, as address and element type.
export const KIND = 0;
export const OUT = KIND + 4;
export const OUT_TYPE = OUT + 4;
export const LHS = OUT_TYPE + 4;
export const LHS_TYPE = LHS + 4;
export const RHS = LHS_TYPE + 4;
export const RHS_TYPE = RHS + 4;
export const BIAS = RHS_TYPE + 4; // 0: none
export const BIAS_TYPE = BIAS + 4;
export const BIAS_SHIFT = BIAS_TYPE + 4;
export const CONVERT = BIAS_SHIFT + 4; // address of the site's record, 0 in float32
export const ACCUMULATOR = CONVERT + 4;
export const ACCUMULATOR_WIDTH = ACCUMULATOR + 4;
export const M = ACCUMULATOR_WIDTH + 4;
export const N = M + 4;
export const K = N + 4;
export const BATCH_AXIS = K + 4; // 0 none, 1 m, 2 k
export const TRANSPOSE_LHS = BATCH_AXIS + 4;
export const TRANSPOSE_RHS = TRANSPOSE_LHS + 4;
// Window
export const HEIGHT = TRANSPOSE_RHS + 4;
export const WIDTH = HEIGHT + 4;
export const CHANNELS = WIDTH + 4;
export const KERNEL_HEIGHT = CHANNELS + 4;
export const KERNEL_WIDTH = KERNEL_HEIGHT + 4;
export const STRIDE_Y = KERNEL_WIDTH + 4;
export const STRIDE_X = STRIDE_Y + 4;
export const PAD_TOP = STRIDE_X + 4;
export const PAD_LEFT = PAD_TOP + 4;
export const OUT_HEIGHT = PAD_LEFT + 4;
export const OUT_WIDTH = OUT_HEIGHT + 4;
export const OUT_CHANNELS = OUT_WIDTH + 4;
// The rest, by op
export const EXTRA = OUT_CHANNELS + 4; // position (max-pool), mask hash (dropout), labels (softmax), update (sgd): address or value
export const EXTRA_TYPE = EXTRA + 4;
export const SIZE = EXTRA_TYPE + 4; // elements per example (elementwise), classes (softmax), elements (sgd), rows per example (bias), turns (limit)
export const TABLE = SIZE + 4; // address of reciprocals (average pooling)
export const DIVIDES = TABLE + 4; // averages, dropout: 1 where sums are divided exactly
export const THRESHOLD = DIVIDES + 4; // dropout
export const SCALE = THRESHOLD + 4; // dropout, 24 fraction bits
export const PROBABILITIES = SCALE + 4; // softmax
export const FRACTION_BITS = PROBABILITIES + 4; // softmax: of the logits
export const GROUP = FRACTION_BITS + 4; // sgd
export const DECAYS = GROUP + 4; // sgd
export const CONVERT_PARAMETER = DECAYS + 4; // sgd: address of the second site
export const SHIFT_UPDATE = CONVERT_PARAMETER + 4; // sgd
export const SHIFT_GRADIENT = SHIFT_UPDATE + 4;
export const SHIFT_PARAMETER = SHIFT_GRADIENT + 4;
export const SUM_SHIFT_PARAMETER = SHIFT_PARAMETER + 4;
export const SUM_SHIFT_UPDATE = SUM_SHIFT_PARAMETER + 4;
// Tiled products (products.ts): how the work is cut, and where the operands lie in a thread's scratch region.
export const PATH = SUM_SHIFT_UPDATE + 4; // PATH_...
export const BY_ROWS = PATH + 4; // matmul: threads share rows; else columns
export const BLOCK_ROWS = BY_ROWS + 4;
export const BLOCK_COLUMNS = BLOCK_ROWS + 4;
export const LHS_PLANES = BLOCK_COLUMNS + 4; // planes of digits at most: 1 for int16
export const RHS_PLANES = LHS_PLANES + 4;
export const AT_PIECES = RHS_PLANES + 4; // sums of squares of the pieces of rows and columns, u64 each
export const AT_NARROW = AT_PIECES + 4; // one plane of a block of int32, before it is packed
export const AT_ROWS = AT_NARROW + 4; // u32 offset of each row of A
export const AT_SQUARES = AT_ROWS + 4; // u64 sums of squares, one per image row (convolution)
export const AT_BIAS = AT_SQUARES + 4; // i64 then i32 per column
export const AT_LHS = AT_BIAS + 4; // planes of A, PLANE_BYTES each; then two more of 8-bit digits
export const PLANE_BYTES = AT_LHS + 4;
export const AT_RHS = PLANE_BYTES + 4; // panels of B, all planes
export const AT_SUMS = AT_RHS + 4; // the block's sums, or a weight gradient's partial sums
export const AT_IMAGE = AT_SUMS + 4; // weight gradient: one padded image (all planes)
export const CHUNK = AT_IMAGE + 4; // weight gradient: images packed at once
export const AT_SPANS = CHUNK + 4; // first segment and their count of each tile, u32 each
export const DIRECT = AT_SPANS + 4; // max-pool gradient: 1 where errors are copied as they are
// Addition: left shifts that align the operands.
export const SHIFT_LHS = DIRECT + 4;
export const SHIFT_RHS = SHIFT_LHS + 4;
// Batch normalisation; N is the channels, SIZE the rows per example.
export const NORM_EPSILON = SHIFT_RHS + 4; // i64 (f64 in float32), two words
export const NORM_EPSILON_HIGH = NORM_EPSILON + 4;
export const NORM_REGISTERS = NORM_EPSILON_HIGH + 4; // addresses
export const NORM_FACTORS = NORM_REGISTERS + 4;
export const NORM_MEAN = NORM_FACTORS + 4;
export const NORM_VARIANCE = NORM_MEAN + 4;
export const NORM_GAMMA = NORM_VARIANCE + 4;
export const NORM_GAMMA_TYPE = NORM_GAMMA + 4;
export const NORM_BETA = NORM_GAMMA_TYPE + 4; // its gradient in a backward pass
export const NORM_BETA_TYPE = NORM_BETA + 4;
export const NORM_EXTRA_BITS = NORM_BETA_TYPE + 4;
export const NORM_ERROR_BITS = NORM_EXTRA_BITS + 4;
export const NORM_FACTOR_SHIFT = NORM_ERROR_BITS + 4;
export const NORM_WIDTH = NORM_FACTOR_SHIFT + 4;
export const NORM_RATE = NORM_WIDTH + 4;
export const NORM_SHIFT_GAMMA = NORM_RATE + 4;
export const NORM_SHIFT_BETA = NORM_SHIFT_GAMMA + 4;
// Convolutions with fewer multiplications (minimal.ts)
export const MINIMAL = NORM_SHIFT_BETA + 4; // 1 where the op is worth it
export const PHASE_BYTES = MINIMAL + 4; // of one phase of an image
export const AT_PHASES = PHASE_BYTES + 4; // nine phases of an image
export const AT_TAPS = AT_PHASES + 4; // one phase of the kernel, or of an image's errors, before it is packed
export const AT_PHASE_PANELS = AT_TAPS + 4; // all phases of the kernel, or of the errors, as panels of B
export const AT_PHASE_ROWS = AT_PHASE_PANELS + 4; // offsets of the rows of A, then for a convolution three tables of spans
export const AT_PARTS = AT_PHASE_ROWS + 4; // 64 bytes, of which 32 are zeros; then a panel's sums of the nine phases
export const AT_PHASE_CELLS = AT_PARTS + 4; // weight gradient: the phases of some images, two of them a pair
export const FRAME_BYTES = AT_PHASE_CELLS + 4; // weight gradient: from one framed image to the next
// Matmul: rows of A as they are packed, and the pairs of them that are not all 0 (sparse.ts)
export const AT_PACKED = FRAME_BYTES + 4; // rows of A; if there are several planes, they are laid out from AT_LHS on
export const KEEPS_ROWS = AT_PACKED + 4; // 1 if all of the thread's rows have room there; else one block of rows
export const AT_BLOCKS = KEEPS_ROWS + 4; // of each block of rows there: its norm u64, whether it is sparse u64
export const AT_KEPT = AT_BLOCKS + 4; // records of KEPT_BYTES, PAIRS of them a tile
export const AT_KEPT_STARTS = AT_KEPT + 4; // of each tile: u32 offset of the first record of each piece, and of their end
// Convolutions of images that are mostly 0 (scatter.ts, scatter-gradient.ts); AT_SCATTER_SUMS is 0 if there
// are none
export const AT_SCATTER_SUMS = AT_KEPT_STARTS + 4; // i32 sums of an image, with margins; or, weight gradient, [O][KH][KW C, whole vectors]
export const AT_SCATTER_TAPS = AT_SCATTER_SUMS + 4; // the taps that an element of each channel meets
export const AT_SCATTER_LISTS = AT_SCATTER_TAPS + 4; // weight gradient: of each output channel its number and bound, then its elements
export const SCATTER_MOST = AT_SCATTER_LISTS + 4; // of 2^16 elements, those that may be other than 0
export const RECORD_BYTES = SCATTER_MOST + 4;

export const PATH_ORDERED = 0;
export const PATH_TILED = 1; // int16 tiles, exact by proof
export const PATH_FLOAT = 2; // float32 tiles

/** Bits of a digit of an int32 operand, balanced: |digit| <= 2^10 also in the last of as many planes as it needs. */
export const DIGIT_BITS = 11;
/** Pairs of neighbours along k in a piece, of which norms are known. */
export const PIECE = 16;

/** A pair that is kept: of four rows of A (16 bytes), and the offset of B's in a panel. */
export const KEPT_BYTES = 20;

// A thread's scratch region: fixed parts, then space for the operands of the op at work.
export const SCRATCH_KEYS = 0; // Philox key schedule, 20 vectors
export const SCRATCH_PATHS = 384; // multiply-adds by the way they were summed, i64 each
export const SUMMED_FAST = 0; // one sum in 32 bits, proved to fit
export const SUMMED_FLUSH = SUMMED_FAST + 8; // 32-bit sums of stretches, added up wider
export const SUMMED_FULL = SUMMED_FLUSH + 8; // operands taken apart into digits
export const SUMMED_MINIMAL = SUMMED_FULL + 8; // as fast, with fewer multiplications than are counted
export const SUMMED_SPARSE = SUMMED_MINIMAL + 8; // as fast, without pairs that are 0 in all rows of a tile
export const SUMMED_BYTES = SUMMED_SPARSE + 8;
export const RUN = 1024; // elements of a run: what is converted at once
export const SCRATCH_RANDOM = 512; // random words of a run, and of the groups that it shares with its neighbours
export const SCRATCH_GROUPS = SCRATCH_RANDOM + 4 * RUN + 128; // which groups of words a run needs, u32 each, at most RUN / 16 + 2
export const SCRATCH_RESTING = SCRATCH_GROUPS + 288; // largest and smallest of the parameters that rest, 8 i16 each
export const SCRATCH_SUMS = SCRATCH_RESTING + 96; // exact sums of a run, i64 each
export const SCRATCH_FLAGS = SCRATCH_SUMS + 8 * RUN; // two i32 per element of a run
// What a product has open: the classes Walk, Product, Frame, Phases and Scatter of assembly/product.
export const SCRATCH_WALK = SCRATCH_FLAGS + 8 * RUN;
export const SCRATCH_PRODUCT = SCRATCH_WALK + 64;
export const SCRATCH_FRAME = SCRATCH_PRODUCT + 192;
export const SCRATCH_PHASES = SCRATCH_FRAME + 128;
export const SCRATCH_SCATTER = SCRATCH_PHASES + 64;
export const SCRATCH_OPERANDS = SCRATCH_SCATTER + 64;
