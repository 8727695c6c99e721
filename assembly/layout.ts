/*
 * Where things are in the linear memory, for both sides of the wall: the kernels load by these byte offsets, the
 * TypeScript side stores by them (scripts/build.mjs copies this file to src/backend/wasm/layout.generated.ts).
 * Plain constants only, so that the text means the same in AssemblyScript and in TypeScript.
 */

// Control block, at fixed addresses. The words that threads wait on have a cache line each.
export const START = 64; // number of runs started; workers wait for it to change
export const ARRIVED = 128; // arrivals at barriers since the session began
export const THREADS = 320;
export const SPINS = 324; // turns of a spin loop before a thread sleeps at a barrier
export const MAY_SLEEP = 328; // 0 where the main thread must not block (a browser's)
export const PROGRAM = 332; // address of the first record
export const PROGRAM_LENGTH = 336;
export const COUNT = 340; // examples in this step
export const STEP_LOW = 344;
export const STEP_HIGH = 348;
export const SEED_LOW = 352;
export const SEED_HIGH = 356;
export const COEFFICIENTS = 360; // address; per group momentum, rate, decay as i64 (f64 in float32 plans)
export const STATISTICS = 364; // address; per thread one counter row per site
export const STATISTICS_BYTES = 368; // bytes per thread
export const SCRATCH = 372; // address; one region per thread
export const SCRATCH_BYTES = 376; // bytes per thread
export const LOSSES = 380; // address; one f64 per example: nats with 24 fraction bits (float32: nats)
export const CORRECT = 384; // address; one i32 per example
export const IDLE_SPINS = 388; // and between runs
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
export const SITE_DROP = 4;
export const SITE_MODE = 8;
export const SITE_MASK = 12; // random bits kept
export const SITE_WIDTH = 16; // random bits drawn, 16 or 32
export const SITE_WL = 20;
export const SITE_OVERFLOW = 24; // WRAP or SATURATE
export const SITE_TYPE = 28;
export const SITE_COUNTERS = 32; // byte offset in a thread's statistics
export const SITE_BYTES = 64;

// Counters of one site, i64 each
export const COUNT_ELEMENTS = 0;
export const COUNT_HIGH = 8;
export const COUNT_LOW = 16;
export const COUNT_FLUSHED = 24;
export const COUNT_MAGNITUDE = 32;
export const COUNT_SWALLOWED = 40;
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
export const KIND_LIMIT = 16; // no op: the register-only loop that products are held against
export const KIND_ADD = 17;
export const KIND_BATCH_MOMENTS = 18;
export const KIND_BATCH_MOMENTS_END = 19;
export const KIND_RUNNING_MOMENTS = 20;
export const KIND_BATCH_NORM = 21;
export const KIND_BATCH_NORM_GRADIENT = 22;
export const KIND_BATCH_NORM_GRADIENT_END = 23;
export const KIND_BATCH_NORM_INPUT_GRADIENT = 24;
export const KIND_PIXELS = 25; // no op: makes the input of a program from bytes (LHS) by a table (RHS)
export const LIMIT_MACS = 64; // a turn of it
export const LIMIT_FLOAT_MACS = 52;

// Record of an op: operands first, as address and element type.
export const KIND = 0;
export const OUT = 4;
export const OUT_TYPE = 8;
export const LHS = 12;
export const LHS_TYPE = 16;
export const RHS = 20;
export const RHS_TYPE = 24;
export const BIAS = 28; // 0: none
export const BIAS_TYPE = 32;
export const BIAS_SHIFT = 36;
export const CONVERT = 40; // address of the site's record, 0 in float32
export const ACCUMULATOR = 44;
export const ACCUMULATOR_WIDTH = 48;
export const M = 52;
export const N = 56;
export const K = 60;
export const BATCH_AXIS = 64; // 0 none, 1 m, 2 k
export const TRANSPOSE_LHS = 68;
export const TRANSPOSE_RHS = 72;
// Window
export const HEIGHT = 76;
export const WIDTH = 80;
export const CHANNELS = 84;
export const KERNEL_HEIGHT = 88;
export const KERNEL_WIDTH = 92;
export const STRIDE_Y = 96;
export const STRIDE_X = 100;
export const PAD_TOP = 104;
export const PAD_LEFT = 108;
export const OUT_HEIGHT = 112;
export const OUT_WIDTH = 116;
export const OUT_CHANNELS = 120;
// The rest, by op
export const EXTRA = 124; // position (max-pool), mask hash (dropout), labels (softmax), update (sgd): address or value
export const EXTRA_TYPE = 128;
export const SIZE = 132; // elements per example (elementwise), classes (softmax), elements (sgd), rows per example (bias), turns (limit)
export const TABLE = 136; // address of reciprocals (average pooling)
export const THRESHOLD = 140; // dropout
export const SCALE = 144; // dropout, 24 fraction bits
export const PROBABILITIES = 148; // softmax
export const FRACTION_BITS = 152; // softmax: of the logits
export const GROUP = 156; // sgd
export const DECAYS = 160; // sgd
export const CONVERT_PARAMETER = 164; // sgd: address of the second site
export const SHIFT_UPDATE = 168; // sgd
export const SHIFT_GRADIENT = 172;
export const SHIFT_PARAMETER = 176;
export const SUM_SHIFT_PARAMETER = 180;
export const SUM_SHIFT_UPDATE = 184;
// Tiled products (products.ts): how the work is cut, and where the operands lie in a thread's scratch region.
export const PATH = 188; // PATH_...
export const BY_ROWS = 192; // matmul: threads share rows; else columns
export const BLOCK_ROWS = 196;
export const BLOCK_COLUMNS = 200;
export const LHS_PLANES = 204; // planes of digits at most: 1 for int16
export const RHS_PLANES = 208;
export const AT_PIECES = 212; // sums of squares of the pieces of rows and columns, u64 each
export const AT_NARROW = 216; // one plane of a block of int32, before it is packed
export const AT_ROWS = 220; // u32 offset of each row of A
export const AT_SQUARES = 224; // u64 sums of squares, one per image row (convolution)
export const AT_BIAS = 228; // i64 then i32 per column
export const AT_LHS = 232; // planes of A, PLANE_BYTES each; then two more of 8-bit digits
export const PLANE_BYTES = 236;
export const AT_RHS = 240; // panels of B, all planes
export const AT_SUMS = 244; // the block's sums, or a weight gradient's partial sums
export const AT_IMAGE = 248; // weight gradient: one padded image (all planes)
export const CHUNK = 252; // weight gradient: images packed at once
export const AT_SPANS = 256; // first segment and their count of each tile, u32 each
export const DIRECT = 260; // max-pool gradient: 1 where errors are copied as they are
// Addition: left shifts that align the operands.
export const SHIFT_LHS = 264;
export const SHIFT_RHS = 268;
// Batch normalisation; N is the channels, SIZE the rows per example.
export const NORM_EPSILON = 272; // i64 (f64 in float32), two words
export const NORM_EPSILON_HIGH = 276;
export const NORM_REGISTERS = 280; // addresses
export const NORM_FACTORS = 284;
export const NORM_MEAN = 288;
export const NORM_VARIANCE = 292;
export const NORM_GAMMA = 296;
export const NORM_GAMMA_TYPE = 300;
export const NORM_BETA = 304; // its gradient in a backward pass
export const NORM_BETA_TYPE = 308;
export const NORM_EXTRA_BITS = 312;
export const NORM_ERROR_BITS = 316;
export const NORM_FACTOR_SHIFT = 320;
export const NORM_WIDTH = 324;
export const NORM_RATE = 328;
export const NORM_SHIFT_GAMMA = 332;
export const NORM_SHIFT_BETA = 336;
// Convolutions with fewer multiplications (minimal.ts)
export const MINIMAL = 340; // 1 where the op is worth it
export const PHASE_BYTES = 344; // of one phase of an image
export const AT_PHASES = 348; // nine phases of an image
export const AT_TAPS = 352; // one phase of the kernel, or of an image's errors, before it is packed
export const AT_PHASE_PANELS = 356; // all phases of the kernel, or of the errors, as panels of B
export const AT_PHASE_ROWS = 360; // offsets of the rows of A, then for a convolution three tables of spans
export const AT_PARTS = 364; // 64 bytes, of which 32 are zeros; then a panel's sums of the nine phases
export const AT_PHASE_CELLS = 368; // weight gradient: the phases of some images, two of them a pair
export const FRAME_BYTES = 372; // weight gradient: from one framed image to the next
// Matmul: rows of A as they are packed, and the pairs of them that are not all 0 (sparse.ts)
export const AT_PACKED = 376; // rows of A; their planes are laid out from AT_LHS on where there are several
export const KEEPS_ROWS = 380; // 1 where all of the thread's rows have room there; else one block of rows
export const AT_BLOCKS = 384; // of each block of rows there: its norm u64, whether it is sparse u64
export const AT_KEPT = 388; // records of KEPT_BYTES, PAIRS of them a tile
export const AT_KEPT_STARTS = 392; // of each tile: u32 offset of the first record of each piece, and of their end
// Convolutions of images that are mostly 0 (scatter.ts, scatter-gradient.ts); AT_SCATTER_SUMS is 0 where there are none
export const AT_SCATTER_SUMS = 396; // i32 sums of an image, with margins; or, weight gradient, [O][KH][KW C, whole vectors]
export const AT_SCATTER_TAPS = 400; // the taps that an element of each channel meets
export const AT_SCATTER_LISTS = 404; // weight gradient: of each output channel its number and bound, then its elements
export const SCATTER_MOST = 408; // of 2^16 elements, those that may be other than 0
export const RECORD_BYTES = 412;

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
export const SUMMED_FLUSH = 8; // 32-bit sums of stretches, added up wider
export const SUMMED_FULL = 16; // operands taken apart into digits
export const SUMMED_MINIMAL = 24; // as fast, with fewer multiplications than are counted
export const SUMMED_SPARSE = 32; // as fast, without pairs that are 0 in all rows of a tile
export const SUMMED_BYTES = 40;
export const SCRATCH_RANDOM = 512; // random words of a run
export const RUN = 1024; // elements of a run: what is converted at once
export const SCRATCH_GROUPS = 4736; // which groups of words a run needs, u32 each, at most RUN / 16 + 2
export const SCRATCH_SUMS = 5120; // exact sums of a run, i64 each
export const SCRATCH_FLAGS = 13312; // two i32 per element of a run
export const SCRATCH_WALK = 21504; // how tile.ts walks along the operands
export const SCRATCH_OPERANDS = 21568;
