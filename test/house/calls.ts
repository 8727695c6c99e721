/**
 * A valid call of each public function that takes arguments: what arguments.test.ts makes wrong, one argument at a time. A new
 * function without a call here fails that test.
 */
import * as fewbit from '../../src/index.js';
import { waysToSave, parseBackendName, selectBackend, systolicBackend } from '../../src/backend/index.js';
import * as node from '../../src/data/node/index.js';
import * as files from '../../src/export/index.js';
import { mapLayers, parsePrecisionSchedule } from '../../src/nn/index.js';
import { coefficientsOf } from '../../src/optim/index.js';

/** Arguments of a call that works, and the call. */
export interface Call {
  readonly args: readonly unknown[];
  readonly call: (...args: readonly unknown[]) => unknown;
  /** Positions of what the library itself made, such as a plan: such an argument is replaced whole, not part by part. */
  readonly opaque?: readonly number[];
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- wrong arguments are the point
type Loose = (...args: any[]) => unknown;

function of(call: Loose, ...args: readonly unknown[]): Call {
  return { call: (...given) => call(...given), args };
}

/** The same, where the library made the arguments at these places. */
function opaque(positions: readonly number[], call: Loose, ...args: readonly unknown[]): Call {
  return { ...of(call, ...args), opaque: positions };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
function made(Class: new (...args: any[]) => unknown, ...args: readonly unknown[]): Call {
  return of((...given) => new Class(...(given as [])), ...args);
}

const CONFIGURATION: fewbit.NetworkConfiguration = {
  name: 'tiny',
  seed: 1,
  formats: '4.12',
  rounding: 'nearest',
  weightInit: { distribution: 'normal', deviation: 0.1 },
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  input: { size: 2 },
  layers: [{ type: 'dense', name: 'fc', units: 2 }],
};

function dataSet(): fewbit.DataSet {
  return {
    features: Float32Array.from([0, 1, 1, 0, 0.5, 0.5, 1, 1]),
    labels: Int32Array.from([0, 1, 0, 1]),
    count: 4,
    shape: [2],
    classes: 2,
    labelNames: ['no', 'yes'],
  };
}

function iterator(): fewbit.ArrayDataSetIterator {
  return new fewbit.ArrayDataSetIterator(dataSet(), { batch: 2 });
}

const REFERENCE = { backend: 'reference' } as const;

async function network(): Promise<fewbit.Network> {
  return fewbit.Network.create(CONFIGURATION, REFERENCE);
}

/** Closes what was made: the default backend has threads. */
async function closed(making: Promise<fewbit.Network>): Promise<void> {
  await (await making).close();
}

/** A method of a separate network. */
function ofNetwork(method: keyof fewbit.Network, ...args: readonly unknown[]): Call {
  return of(
    async (...given) => {
      const one = await network();
      try {
        return await (one[method] as Loose).apply(one, given);
      } finally {
        await one.close();
      }
    },
    ...args,
  );
}

function ofMethod<T>(make: () => T, method: keyof T, ...args: readonly unknown[]): Call {
  return of(
    (...given) => {
      const one = make();
      return (one[method] as Loose).apply(one, given);
    },
    ...args,
  );
}

const IDX = { name: 'a', dimensions: [2, 1, 1], data: Uint8Array.from([1, 2]) };
const IDX_LABELS = { name: 'b', dimensions: [2], data: Uint8Array.from([0, 1]) };
const SYNTHETIC_SCHEMA = fewbit.schemaOf(fewbit.synthetic({ seed: 1, train: 2, test: 2 }).train);
const CSV = 'a,b,label\n1,2,x\n3,4,y\n';
const FORMAT = { il: 4, fl: 12 };
const TENSOR = { shape: [2], data: Int16Array.from([1, 2]) };
const PERFORMANCE = { step: 1, examplesPerSecond: 1, stepsPerSecond: 1, etaSeconds: 1 };
const quiet = (): void => undefined;
const FETCH = { cache: '/nowhere', env: {}, offline: true, onProgress: quiet, timeoutMs: 1000 };
const PERIOD = { everyEpochs: 1, everySteps: 2 };
const evaluation = (): fewbit.Evaluation => new fewbit.Evaluation({ classes: 2 });
const store = (): fewbit.MemoryCheckpointStore => new fewbit.MemoryCheckpointStore();

/** The calls by name. Files of a trained network are made once. */
export async function calls(): Promise<ReadonlyMap<string, Call>> {
  const trained = await network();
  await trained.fit(iterator());
  const bytes = await trained.save();
  await trained.close();
  const clocked = await fewbit.Network.create(CONFIGURATION, { ...REFERENCE, clock: () => 0 });
  await clocked.fit(iterator());
  const profile = await clocked.profile();
  await clocked.close();
  const definition = fewbit.defineNetwork(CONFIGURATION);
  const plan = definition.plan(2);
  const checkpoint = await fewbit.decodeCheckpoint(bytes);
  const subject = await files.openSubject(bytes, { batch: 2 });
  const golden = await files.goldenVectors(subject, { data: dataSet(), count: 2, ...REFERENCE });
  const fit = {
    epochs: 1,
    maxSteps: 2,
    listeners: [],
    signal: new AbortController().signal,
    onWarning: quiet,
  };
  const score = fewbit.lossScore(iterator());
  const stopping = {
    ...{ score, maxEpochs: 1, everyEpochs: 1, patience: 2, minImprovement: 0, maxScore: 9, onWarning: quiet },
    ...{ maxTime: { milliseconds: 1, now: () => 0 }, signal: fit.signal },
  };
  const zoo = Object.entries(fewbit.zoo).map(
    ([name, make]) => [`zoo.${name}`, of(make, { seed: 1, epochs: 2 })] as const,
  );
  return new Map<string, Call>([
    ...zoo,
    ['binaryText', of(fewbit.binaryText, 5, FORMAT)],
    [
      'convert',
      of(fewbit.convert, 5, 4, '4.4', { rounding: 'nearest', overflow: 'wrap', random: 1, randomWidth: 16 }),
    ],
    ['describeConversion', of(fewbit.describeConversion, 0.5, '4.4', 'stochastic', { word: 1, width: 16 })],
    ['fixedToFloat', of(fewbit.fixedToFloat, 5, '4.4')],
    ['fixedToFloats', of(fewbit.fixedToFloats, [5], '4.4')],
    ['floatsToFixed', of(fewbit.floatsToFixed, [0.5], '4.4', 'nearest')],
    ['floatToFixed', of(fewbit.floatToFixed, 0.5, '4.4', 'stochastic', { word: 1, width: 16 })],
    ['formatText', of(fewbit.formatText, FORMAT)],
    ['isFewbitError', of(fewbit.isFewbitError, 1)],
    ['maxRaw', of(fewbit.maxRaw, FORMAT)],
    ['minRaw', of(fewbit.minRaw, FORMAT)],
    ['parseFormat', of(fewbit.parseFormat, FORMAT)],
    ['parseRounding', of(fewbit.parseRounding, { mode: 'stochastic', randomBits: 8 })],
    ['roundingText', of(fewbit.roundingText, { mode: 'stochastic', randomBits: 8 })],
    ['wordLength', of(fewbit.wordLength, FORMAT)],
    ['planJson', opaque([0], fewbit.planJson, plan)],
    ['planTable', opaque([0], fewbit.planTable, plan)],
    ['planTotals', opaque([0], fewbit.planTotals, plan)],
    ['defineNetwork', of(fewbit.defineNetwork, CONFIGURATION)],
    ['networkFromJSON', of(fewbit.networkFromJSON, CONFIGURATION)],
    ['new NetworkDefinition', made(fewbit.NetworkDefinition, CONFIGURATION)],
    ['NetworkDefinition#plan', ofMethod(() => definition, 'plan', 2)],
    ['NetworkDefinition#checkPlans', ofMethod(() => definition, 'checkPlans', 2)],
    ['NetworkDefinition#conversion', ofMethod(() => definition, 'conversion', 0, 0)],
    [
      'NetworkDefinition#initialParameters',
      { ...ofMethod(() => definition, 'initialParameters', plan), opaque: [0] },
    ],
    ['learningRate', of(fewbit.learningRate, { kind: 'poly', rate: 0.1, power: 2, epochs: 3 }, 1)],
    ['checkDataSet', of(fewbit.checkDataSet, dataSet(), 'data')],
    ['exampleSize', of(fewbit.exampleSize, [2])],
    ['selectExamples', of(fewbit.selectExamples, dataSet(), [1, 0])],
    ['sliceExamples', of(fewbit.sliceExamples, dataSet(), 0, 1)],
    ['splitDataSet', of(fewbit.splitDataSet, dataSet(), 0.5, 1)],
    [
      'new ArrayDataSetIterator',
      made(
        fewbit.ArrayDataSetIterator,
        { ...dataSet(), features: new Float32Array(16), shape: [2, 2, 1] },
        { batch: 2, shuffle: 1, augment: { flip: true, crop: 1, seed: 1 } },
      ),
    ],
    ['ArrayDataSetIterator#next', ofMethod(iterator, 'next', 1)],
    ['ArrayDataSetIterator#seek', ofMethod(iterator, 'seek', { epoch: 1, cursor: 2 })],
    ['new StreamDataSetIterator', made(fewbit.StreamDataSetIterator, [dataSet()], { batch: 2 })],
    [
      'StreamDataSetIterator#next',
      ofMethod(() => new fewbit.StreamDataSetIterator([dataSet()], { batch: 2 }), 'next', 1),
    ],
    ['idxDataSet', of(fewbit.idxDataSet, IDX, IDX_LABELS, { classes: 2, labelNames: ['a', 'b'] })],
    ['parseIdx', of(fewbit.parseIdx, Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 1, 7]), 'a')],
    ['cifarDataSet', of(fewbit.cifarDataSet, [{ name: 'a', bytes: new Uint8Array(3073) }], ['a', 'b'])],
    ['cifarRecords', of(fewbit.cifarRecords, new Uint8Array(3072), [1])],
    ['csvDataSet', of(fewbit.csvDataSet, CSV, { name: 'a', header: true, label: 'label', delimiter: ',' })],
    ['csvDataSets', of(fewbit.csvDataSets, [fewbit.parseCsv(CSV)])],
    ['parseCsv', of(fewbit.parseCsv, CSV, { name: 'a', header: true, label: 2, delimiter: ',' })],
    [
      'applyNormalizer',
      of(fewbit.applyNormalizer, { kind: 'minmax', offset: [0, 0], scale: [1, 1], shift: 0 }, dataSet()),
    ],
    ['new NormalizerMinMaxScaler', made(fewbit.NormalizerMinMaxScaler, 0, 1)],
    ['NormalizerMinMaxScaler#fit', ofMethod(() => new fewbit.NormalizerMinMaxScaler(), 'fit', dataSet())],
    [
      'NormalizerMinMaxScaler#transform',
      ofMethod(() => new fewbit.NormalizerMinMaxScaler().fit(dataSet()), 'transform', dataSet()),
    ],
    ['NormalizerStandardize#fit', ofMethod(() => new fewbit.NormalizerStandardize(), 'fit', dataSet())],
    [
      'NormalizerStandardize#transform',
      ofMethod(() => new fewbit.NormalizerStandardize().fit(dataSet()), 'transform', dataSet()),
    ],
    ['synthetic', of(fewbit.synthetic, { seed: 1, train: 2, test: 1 })],
    [
      'Network.create',
      of(async (...given) => closed(fewbit.Network.create(...(given as [never]))), CONFIGURATION, {
        ...REFERENCE,
        threads: 1,
        clock: () => 0,
      }),
    ],
    [
      'Network.load',
      of(async (...given) => closed(fewbit.Network.load(...(given as [never]))), bytes, {
        ...REFERENCE,
        threads: 1,
        clock: () => 0,
        expected: CONFIGURATION,
      }),
    ],
    ['Network#fit', ofNetwork('fit', iterator(), fit)],
    ['Network#evaluate', ofNetwork('evaluate', dataSet(), { topN: 1 })],
    ['Network#output', ofNetwork('output', dataSet())],
    ['Network#predict', ofNetwork('predict', dataSet())],
    ['Network#score', ofNetwork('score', dataSet())],
    ['Network#parameter', ofNetwork('parameter', 'fc/weight')],
    ['new BatchEncoder', made(fewbit.BatchEncoder, FORMAT, 2, 2)],
    [
      'BatchEncoder#batch',
      ofMethod(() => new fewbit.BatchEncoder(FORMAT, 2, 2), 'batch', new Float32Array(4), new Int32Array(2)),
    ],
    [
      'BatchEncoder#encode',
      ofMethod(() => new fewbit.BatchEncoder(FORMAT, 2, 2), 'encode', new Float32Array(4), new Int32Array(2)),
    ],
    ['checkData', opaque([2], fewbit.checkData, 'who', { shape: [2], classes: 2 }, definition)],
    ['new ScoreIterationListener', made(fewbit.ScoreIterationListener, { print: quiet, everySteps: 2 })],
    ['new CollectScoresListener', made(fewbit.CollectScoresListener, { everySteps: 2 })],
    [
      'new PerformanceListener',
      made(fewbit.PerformanceListener, { now: () => 0, print: quiet, report: quiet, everySteps: 2 }),
    ],
    [
      'new EvaluativeListener',
      made(fewbit.EvaluativeListener, { iterator: iterator(), report: quiet, topN: 1, ...PERIOD }),
    ],
    ['new CheckpointListener', made(fewbit.CheckpointListener, { store: store(), keepLast: 1, ...PERIOD })],
    ['new TensorStatisticsListener', made(fewbit.TensorStatisticsListener, { report: quiet, ...PERIOD })],
    [
      'new EarlyStoppingTrainer',
      of(
        async (...given) => {
          const [configuration, other, ...rest] = given as [never, fewbit.Network | undefined];
          const trainer = new fewbit.EarlyStoppingTrainer(
            configuration,
            other ?? (await network()),
            ...(rest as unknown as [never]),
          );
          return trainer.fit();
        },
        stopping,
        undefined,
        iterator(),
        [],
      ),
    ],
    ['accuracyScore', of(fewbit.accuracyScore, iterator())],
    ['errorScore', of(fewbit.errorScore, iterator())],
    ['lossScore', of(fewbit.lossScore, iterator())],
    ['evaluationScore', of(fewbit.evaluationScore, 'f1', iterator())],
    ['performanceLine', of(fewbit.performanceLine, PERFORMANCE)],
    ['pathText', of(fewbit.pathText, { float32: 0.5 })],
    ['profileTable', opaque([0], fewbit.profileTable, profile)],
    ['profileTrace', of(fewbit.profileTrace, [profile])],
    ['MemoryCheckpointStore#write', ofMethod(store, 'write', 'a', bytes)],
    ['MemoryCheckpointStore#remove', ofMethod(store, 'remove', 'a')],
    ['MemoryCheckpointStore#read', ofMethod(store, 'read', 'a')],
    ['new Evaluation', made(fewbit.Evaluation, { classes: 2, labelNames: ['a', 'b'], topN: 1 })],
    ['Evaluation#add', ofMethod(evaluation, 'add', Int32Array.from([1]), Float32Array.from([0, 1]), 0.5)],
    ['Evaluation#confusion', ofMethod(evaluation, 'confusion', 0, 1)],
    ['Evaluation#withoutClass', ofMethod(evaluation, 'withoutClass', 0)],
    ['Evaluation#precision', ofMethod(evaluation, 'precision', 'macro')],
    ['Evaluation#recall', ofMethod(evaluation, 'recall', 0)],
    ['Evaluation#f1', ofMethod(evaluation, 'f1', 'micro')],
    ['Evaluation#actualCount', ofMethod(evaluation, 'actualCount', 0)],
    ['Evaluation#predictedCount', ofMethod(evaluation, 'predictedCount', 0)],
    ['checkSameNetwork', of(fewbit.checkSameNetwork, CONFIGURATION, CONFIGURATION)],
    ['decodeCheckpoint', of(fewbit.decodeCheckpoint, bytes)],
    ['encodeCheckpoint', of(fewbit.encodeCheckpoint, checkpoint)],
    ['readCheckpointHeader', of(fewbit.readCheckpointHeader, bytes)],
    ['checkpointChecksum', of(fewbit.checkpointChecksum, bytes)],
    ['parseIdxHeader', of(fewbit.parseIdxHeader, Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 1, 7]), 'a')],
    ['Network#save', ofNetwork('save', 'a note')],
    ['decodeSafetensors', of(fewbit.decodeSafetensors, bytes)],
    ['encodeSafetensors', of(fewbit.encodeSafetensors, { metadata: {}, tensors: new Map([['a', TENSOR]]) })],
    ['mapLayers', of(mapLayers, CONFIGURATION.layers, (layer: unknown) => layer)],
    ['parsePrecisionSchedule', of(parsePrecisionSchedule, [{ epoch: 1, formats: '4.12' }])],
    [
      'coefficientsOf',
      of(coefficientsOf, CONFIGURATION.optimizer, {
        arithmetic: 'fixed',
        gradientShift: 0,
        batch: 2,
        epoch: 0,
      }),
    ],
    ['selectBackend', of(selectBackend, 'reference')],
    ['parseBackendName', of(parseBackendName, 'wasm')],
    ['waysToSave', of(waysToSave, 1)],
    ['systolicBackend', of(systolicBackend, { array: { rows: 4, cols: 4 }, random: 'lfsr' })],
    ['cacheFolder', of(node.cacheFolder, {})],
    ['dataDigest', of(node.dataDigest, [dataSet()])],
    ['getNamed', of(node.getNamed, 'mnist', FETCH)],
    ['listNamed', of(node.listNamed, FETCH)],
    ['schemaOf', of(fewbit.schemaOf, dataSet())],
    ['parseDataSchema', of(fewbit.parseDataSchema, fewbit.schemaOf(dataSet()), 'data.json')],
    ['conformData', of(fewbit.conformData, dataSet(), fewbit.schemaOf(dataSet()), 'data')],
    ['conformIterator', of(fewbit.conformIterator, iterator(), fewbit.schemaOf(dataSet()), 'data')],
    [
      'loadExamples',
      of(node.loadExamples, 'synthetic', {
        ...FETCH,
        ...{ seed: 1, csv: { header: true }, schema: SYNTHETIC_SCHEMA },
      }),
    ],
    [
      'loadData',
      of(node.loadData, 'synthetic', {
        ...FETCH,
        ...{ seed: 1, testFraction: 0.5, csv: { header: true }, normalize: 'minmax' },
      }),
    ],
    ['removeNamed', of(node.removeNamed, 'mnist', FETCH)],
    ['trainingExamples', of(node.trainingExamples, 'mnist')],
    ['verifyNamed', of(node.verifyNamed, 'mnist', FETCH)],
    ['cFiles', opaque([0, 1], files.cFiles, subject, golden)],
    [
      'goldenVectors',
      opaque([0], files.goldenVectors, subject, { data: dataSet(), count: 2, ...REFERENCE, threads: 1 }),
    ],
    ['hexFiles', opaque([0, 1], files.hexFiles, subject, golden)],
    ['npzFiles', opaque([0, 1], files.npzFiles, subject, golden)],
    ['safetensorsFiles', opaque([0, 1], files.safetensorsFiles, subject, golden)],
    ['openSubject', of(files.openSubject, bytes, { batch: 2, rounding: 'nearest' })],
  ]);
}
