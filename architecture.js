/**
 * The rooms of src/ and the walls between them, as data: which room may import which, through which doors, with
 * which packages, and which files may touch the environment (Node, DOM, clock, process). ARCHITECTURE.md explains
 * the walls, test/house/walls.ts checks them on every file, and eslint.config.js marks them in the editor.
 */

/**
 * @typedef {object} Room
 * @property {readonly string[]} imports rooms that it may import (type-only imports included)
 * @property {readonly string[]} doors files of the room that others may import; `*`: rooms of the same wing may import any file
 * @property {readonly string[]} packages npm packages that it may import
 */

const index = ['index.ts'];
/** A wing is a folder of rooms with one door to the outside. Within the wing the arrows alone decide. */
const within = ['*'];

/** Rooms by folder under src/; `.` is the package's main entry, src/index.ts. The longest matching folder wins. */
/** @type {Readonly<Record<string, Room>>} */
export const ROOMS = {
  // Checks of arguments have a door of their own: every room has them, and no user of the package.
  numerics: { imports: [], doors: ['index.ts', 'arguments.ts'], packages: [] },
  // Input files, for the rooms that touch Node.
  files: { imports: ['numerics'], doors: index, packages: [] },
  plan: { imports: ['numerics'], doors: index, packages: [] },
  optim: { imports: ['numerics'], doors: index, packages: [] },
  nn: { imports: ['numerics', 'plan', 'optim'], doors: index, packages: ['zod'] },
  data: { imports: ['numerics'], doors: ['index.ts', 'readers.ts'], packages: [] },
  'data/node': {
    imports: ['numerics', 'data', 'files'],
    doors: index,
    packages: ['fast-png', 'jpeg-js', 'tar'],
  },
  backend: {
    imports: ['numerics', 'plan', 'backend/reference', 'backend/wasm', 'backend/systolic'],
    doors: ['index.ts', 'contract.ts', 'select.ts'],
    packages: [],
  },
  'backend/reference': { imports: ['numerics', 'plan', 'backend'], doors: index, packages: [] },
  'backend/wasm': { imports: ['numerics', 'plan', 'backend'], doors: index, packages: [] },
  hardware: { imports: ['numerics', 'plan', 'backend'], doors: index, packages: [] },
  // Its host, for all that is no product, is the reference.
  'backend/systolic': {
    imports: ['numerics', 'plan', 'backend', 'backend/reference', 'hardware'],
    doors: index,
    packages: [],
  },
  train: {
    imports: ['numerics', 'plan', 'optim', 'nn', 'data', 'backend'],
    doors: index,
    packages: ['zod'],
  },
  export: {
    imports: ['numerics', 'plan', 'optim', 'nn', 'data', 'backend', 'train'],
    doors: index,
    packages: [],
  },
  // The wing of experiments: two grounds (run, draw) that do not know each other, and rooms over them.
  'experiment/draw': { imports: [], doors: within, packages: ['@observablehq/plot', 'linkedom'] },
  'experiment/run': {
    imports: ['numerics', 'plan', 'optim', 'nn', 'data', 'backend', 'train'],
    doors: within,
    packages: ['zod'],
  },
  'experiment/study': { imports: ['numerics', 'experiment/draw'], doors: within, packages: [] },
  'experiment/array': { imports: ['hardware', 'experiment/draw'], doors: within, packages: [] },
  'experiment/sweep': {
    imports: ['numerics', 'optim', 'nn', 'experiment/run'],
    doors: within,
    packages: ['zod'],
  },
  'experiment/formats': {
    imports: [
      ...['numerics', 'plan', 'nn', 'data', 'backend', 'train'],
      ...['experiment/draw', 'experiment/run'],
    ],
    doors: within,
    packages: [],
  },
  'experiment/report': {
    imports: [
      ...['numerics', 'plan', 'nn', 'data', 'train'],
      ...['experiment/draw', 'experiment/run', 'experiment/sweep'],
    ],
    doors: within,
    packages: ['fast-png'],
  },
  'experiment/paper': {
    imports: ['experiment/draw', 'experiment/run', 'experiment/report'],
    doors: within,
    packages: [],
  },
  // The folders of runs and sweeps: the only room of the wing that touches Node. It has a door of its own.
  'experiment/store': {
    imports: ['numerics', 'files', 'train', 'experiment/run', 'experiment/sweep'],
    doors: index,
    packages: ['zod'],
  },
  experiment: {
    imports: [
      ...['experiment/draw', 'experiment/run', 'experiment/study', 'experiment/array', 'experiment/sweep'],
      ...['experiment/formats', 'experiment/report', 'experiment/paper'],
    ],
    doors: index,
    packages: [],
  },
  '.': {
    imports: ['numerics', 'plan', 'optim', 'nn', 'data', 'backend', 'train'],
    doors: index,
    packages: [],
  },
  cli: {
    imports: [
      ...['numerics', 'plan', 'optim', 'nn', 'data', 'data/node', 'backend', 'hardware', 'train'],
      ...['export', 'experiment', 'experiment/store', 'files'],
    ],
    doors: [],
    packages: [
      ...['commander', 'picocolors', 'cli-table3', 'cli-progress', 'hyparquet-writer', 'zod'],
      // charts as PNG
      ...['@resvg/resvg-wasm', '@fontsource/dejavu-sans'],
    ],
  },
};

/** The only file outside of backends that may name a concrete one, and the files of the backend room that backends may import. */
export const SELECTOR = 'backend/select.ts';
export const CONTRACT = ['backend/contract.ts', 'backend/checks.ts'];

/** Files under src/ that may touch the environment: Node's modules, DOM, process, console, clock, timers. */
export const ENVIRONMENT_FILES = [
  'cli/**',
  'files/**',
  'data/node/**',
  'experiment/store/**',
  // The default output of listeners and warnings.
  'train/console.ts',
  'backend/wasm/host-*.ts',
  'backend/wasm/worker-*.js',
];

/** Files under src/ that compute in integers only ... */
export const INTEGER_FILES = [
  ...['numerics/**', 'plan/**', 'backend/reference/**', 'backend/systolic/**'],
  // Of the hardware, what computes results; schedules and costs may divide.
  ...['lfsr', 'memory-channels', 'operands', 'pe-array', 'product', 'product-job', 'rounding-unit'].map(
    (file) => `hardware/${file}.ts`,
  ),
  'hardware/simulation.ts',
];
/** ... except the conversions from and to doubles and the float32 loops, which say so in their names. */
export const FLOAT_FILES = ['**/float*.ts', '**/*-float.ts', '**/*-float32.ts'];

/** The members of Math that are exact on integers. */
export const INTEGER_MATH = ['imul', 'clz32', 'abs', 'min', 'max'];

/** The members of Math that ECMAScript leaves approximate: two engines may differ in the last digit. */
export const APPROXIMATE_MATH = [
  ...['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'atan2', 'cbrt', 'cos', 'cosh', 'exp', 'expm1'],
  ...['hypot', 'log', 'log1p', 'log10', 'log2', 'pow', 'sin', 'sinh', 'tan', 'tanh'],
];
