/** Runs whose outputs are no numbers: their warning, their errors in metrics, tables and charts, and their place: the last. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  comparisonChart,
  comparisonPage,
  csvText,
  doneError,
  executeRun,
  resultRow,
  summaryErrors,
  summaryRow,
  testErrorOf,
  trainErrorOf,
  type RunConfiguration,
  type RunEvent,
  type RunResult,
  type RunSummary,
} from '../../src/experiment/index.js';
import { errorOf } from '../../src/experiment/report/sweep-groups.js';
import {
  openStoredRun,
  readMetrics,
  readRecord,
  RunFolder,
  summarizeRun,
} from '../../src/experiment/store/index.js';
import { byGroupError } from '../../src/cli/commands/runs/groups.js';
import { byTestError } from '../../src/cli/shared/runs-table.js';
import { CONFIGURATION, DATA, temporaryFolder } from './support.js';

const root = temporaryFolder();
const BLOWN: RunConfiguration = {
  ...CONFIGURATION,
  network: {
    ...CONFIGURATION.network,
    formats: 'float32',
    optimizer: { kind: 'sgd', learningRate: 1e36 },
  },
};

async function run(name: string, changes: Partial<RunConfiguration> = {}): Promise<[string, RunEvent[]]> {
  const path = join(root, name);
  const configuration = { ...BLOWN, ...changes };
  const folder = RunFolder.create(path, configuration);
  const events: RunEvent[] = [];
  try {
    await executeRun(folder, configuration, null, {
      data: DATA,
      now: () => 0,
      onEvent: (event) => events.push(event),
    });
  } finally {
    folder.close();
  }
  return [path, events];
}

const warningsOf = (events: readonly RunEvent[]): RunEvent[] =>
  events.filter(({ event }) => event === 'warning');

describe('a run that blows up', () => {
  it('warns once, at the step, and counts every answer as wrong', async () => {
    const [path, events] = await run('blown');
    expect(warningsOf(events)).toEqual([
      {
        event: 'warning',
        step: expect.any(Number) as number,
        kind: 'diverged',
        message: expect.stringMatching(
          /^the loss of step \d is not a number: the network has diverged; /,
        ) as string,
      },
    ]);
    const { result } = openStoredRun(path);
    expect(result).toMatchObject({ testErrorPercent: 100, testLoss: null, loss: null });
    expect([testErrorOf(result!), trainErrorOf(result!)]).toEqual([null, null]);
    expect(resultRow(result!)).toMatchObject({ diverged: true });
    expect(summarizeRun(path)).toMatchObject({ isDiverged: true, testErrorPercent: 100 });
  });

  it('warns of the evaluation if training ends before a loss is none', async () => {
    const [, events] = await run('last', { epochs: 1, steps: 1 });
    expect(warningsOf(events)).toEqual([
      {
        event: 'warning',
        step: 1,
        kind: 'diverged',
        message: expect.stringMatching(
          /^test data: the logits of \d+ of 30 examples are not numbers, which counts as wrong: the network has diverged; /,
        ) as string,
      },
    ]);
  });

  it('warns of a batch larger than the data before the first step', async () => {
    const [, events] = await run('batch', { network: CONFIGURATION.network, batch: 600 });
    expect(warningsOf(events)).toMatchObject([{ kind: 'batch', step: 0 }]);
    expect(warningsOf(events)).toHaveLength(1);
  });

  it('is a gap in the chart and marked on the page', async () => {
    const path = join(root, 'blown');
    const { configuration, result } = readRecord(path);
    const row = { name: 'blown', path, configuration, result: result!, metrics: readMetrics(path) };
    const [series] = comparisonChart('blown', [row]).series;
    expect(series!.test.map(({ errorPercent }) => errorPercent)).toEqual([null, null, null]);
    expect(await comparisonPage('blown', [row])).toContain('<td>not a number</td>');
  });
});

describe('the order of runs', () => {
  const summary = (name: string, changes: Partial<RunSummary>): RunSummary => ({
    ...{ path: name, state: 'done', configuration: CONFIGURATION, epochs: 1, steps: 3, isDiverged: false },
    ...{ testErrorPercent: 90, trainErrorPercent: 90, loss: 1, stepsPerSecond: 1, digest: null },
    ...{ pruned: null, problem: null },
    ...changes,
  });
  // As runs of earlier versions are stored: with the error of class 0.
  const blown = summary('blown', { isDiverged: true, loss: null, testErrorPercent: 5, trainErrorPercent: 5 });
  const poor = summary('poor', {});
  const good = summary('good', { testErrorPercent: 10 });
  const begun = summary('begun', { state: 'stopped', testErrorPercent: null, trainErrorPercent: null });

  it('has those without a number behind all that have one', () => {
    const order = (runs: readonly RunSummary[]): string[] => byTestError(runs).map(({ path }) => path);
    expect(order([blown, begun, poor, good])).toEqual(['good', 'poor', 'blown', 'begun']);
    expect(order([begun, poor, blown])).toEqual(['poor', 'blown', 'begun']);
    const group = (run: RunSummary) => ({ name: run.path, texts: {}, runs: [run] });
    expect(byGroupError([blown, poor, good].map(group)).map(({ name }) => name)).toEqual([
      ...['good', 'poor', 'blown'],
    ]);
    expect(doneError([good, blown])).toBeNull();
    expect(errorOf(blown)).toBeNull();
  });

  it('knows the errors that are none, and says so in tables for other programs', () => {
    expect(summaryErrors(blown)).toEqual({ test: null, train: null });
    expect(summaryErrors(summary('late', { loss: null }))).toEqual({ test: 90, train: null });
    expect(summaryErrors(good)).toEqual({ test: 10, train: 90 });
    expect(summaryRow(blown, [])).toMatchObject({ loss: null, diverged: true });
    expect(csvText([summaryRow(blown, []), summaryRow(good, [])])).toMatch(/,diverged,[^]*,true,[^]*,false,/);
  });

  it('takes a result of an earlier version for what it is', () => {
    const result = { testErrorPercent: 5, testLoss: null } as RunResult;
    expect(testErrorOf(result)).toBeNull();
    expect(testErrorOf({ testErrorPercent: 5, testLoss: 0.1 })).toBe(5);
  });
});
