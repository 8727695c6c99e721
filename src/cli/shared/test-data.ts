/**
 * The test data of a run's network: the part that its own configuration holds out, or other data, read as the network's
 * schema has its own: columns and classes by name, normalised by the statistics of the training data.
 */
import { noteText, type DataSchema, type DataSet } from '../../data/index.js';
import { loadExamples } from '../../data/node/index.js';
import { checkRunData, runSchema, usedData, type RunConfiguration } from '../../experiment/index.js';
import { openData, fetchProgress } from './open-data.js';
import type { Terminal } from '../console/terminal.js';

/** Examples with labels, and what they are in words. */
export interface TestData {
  readonly test: DataSet;
  readonly name: string;
  readonly source: string;
}

export interface TestDataRequest {
  /** The run's folder, for messages. */
  readonly run: string;
  readonly configuration: RunConfiguration;
  /** null: the checkpoint is of an earlier version and does not have it. */
  readonly schema: DataSchema | null;
  /** Name or path of other data; undefined: the run's own. */
  readonly other: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * Loads the test part of the run's own data, or of other data; of other data without a test part all examples.
 * @throws DataError for data that cannot be loaded or do not match the schema, RunFolderError for own data that are not
 * those that the run was begun with; the signal's reason
 */
export async function openTestData(terminal: Terminal, request: TestDataRequest): Promise<TestData> {
  const { run, configuration, other, signal } = request;
  if (other === undefined) {
    const { name, source, ...own } = await openOwn(terminal, request);
    return { test: usedData(configuration, own).test, name, source };
  }
  let { schema } = request;
  if (schema === null) {
    terminal.note(
      `${run}: the checkpoint is of an earlier version and does not hold what its data are (names of columns and classes, normaliser); they are read again to find out`,
    );
    schema = runSchema(await openOwn(terminal, request));
  }
  const progress = fetchProgress(terminal);
  try {
    const { seed } = configuration.network;
    const { examples, notes, name, source } = await loadExamples(other, {
      ...{ schema, seed, signal },
      onProgress: progress.show,
    });
    for (const note of notes) terminal.remark(noteText(note));
    return { test: examples, name, source };
  } finally {
    progress.end();
  }
}

async function openOwn(
  terminal: Terminal,
  { run, configuration, signal }: TestDataRequest,
): ReturnType<typeof openData> {
  const data = await openData(terminal, configuration, signal);
  checkRunData(run, configuration, data);
  return data;
}
