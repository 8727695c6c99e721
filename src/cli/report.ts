/** Writes a run's report into its folder; what the folder does not hold is found by evaluating the checkpoint. */
import { join } from 'node:path';
import type { BackendName } from '../backend/index.js';
import {
  checkpointPath,
  checkRunData,
  evaluateForReport,
  histogram,
  loadCheckpoint,
  openStoredRun,
  parameterNames,
  readMetrics,
  runReportPage,
  trainingSeconds,
  usedData,
  writeWhole,
  type Histogram,
  type MetricsLine,
  type ReportEvaluation,
  type RunData,
} from '../experiment/index.js';

const REPORT = 'report.html';
/** Seconds of training from which a report, which takes an evaluation and a second, goes unnoticed. */
const WORTH_SECONDS = 20;

export function reportPath(run: string): string {
  return join(run, REPORT);
}

/** True where a run took so long that its report can be made besides. */
export function isWorthReport(metrics: readonly MetricsLine[]): boolean {
  return trainingSeconds(metrics) >= WORTH_SECONDS;
}

export interface ReportRequest {
  /** null where they cannot be had: then there is no confusion matrix and no image. */
  readonly data: RunData | null;
  /** Why they cannot. */
  readonly note?: string;
  readonly backend?: BackendName;
  readonly threads?: number;
}

/** Writes report.html of the run in a folder and returns its path. @throws RunFolderError, and the errors of the backend */
export async function writeReport(run: string, request: ReportRequest): Promise<string> {
  const { configuration, checkpoint, result } = openStoredRun(run);
  const histograms: Histogram[] = [];
  let evaluation: ReportEvaluation | null = null;
  if (checkpoint !== null) {
    const { network: settings } = configuration;
    const threads = request.threads ?? configuration.threads;
    const network = await loadCheckpoint(checkpointPath(run), checkpoint, settings, {
      backend: request.backend ?? configuration.backend,
      ...(threads === undefined ? {} : { threads }),
    });
    try {
      for (const name of parameterNames(settings)) histograms.push(histogram(await network.parameter(name)));
      if (request.data) {
        checkRunData(run, configuration, request.data);
        evaluation = await evaluateForReport(network, usedData(configuration, request.data).test);
      }
    } finally {
      await network.close();
    }
  }
  const html = await runReportPage({
    name: run,
    configuration,
    metrics: readMetrics(run),
    result,
    histograms,
    evaluation,
    ...(request.note === undefined ? {} : { note: request.note }),
  });
  writeWhole(run, REPORT, html);
  return reportPath(run);
}
