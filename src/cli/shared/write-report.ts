/** Writes the report of a run or a sweep into its folder; what a run's folder does not hold is found by evaluating the checkpoint. */
import { join, relative } from 'node:path';
import type { BackendName } from '../../backend/index.js';
import {
  checkRunData,
  evaluateForReport,
  histogram,
  loadCheckpoint,
  parameterNames,
  runReportPage,
  sweepReportPage,
  trainingSeconds,
  usedData,
  type Histogram,
  type MetricsLine,
  type ReportEvaluation,
  type RunData,
  type SweepReport,
  type SweepReportRun,
} from '../../experiment/index.js';
import {
  checkpointPath,
  isRunFolder,
  openStoredRun,
  readMetrics,
  readSweep,
  summarizeRuns,
  writeWhole,
} from '../../experiment/store/index.js';

const REPORT = 'report.html';
/** Seconds of training from which a report, which takes an evaluation and a second, goes unnoticed. */
const WORTH_SECONDS = 20;

export function reportPath(run: string): string {
  return join(run, REPORT);
}

/** True if a run, or all runs of a sweep together, took so long that making the report adds little. */
export function isWorthReport(metrics: readonly MetricsLine[]): boolean {
  return trainingSeconds(metrics) >= WORTH_SECONDS;
}

/** The runs of a sweep with their metrics; of one that has not begun or is damaged there are none. */
export function sweepReportRuns(sweep: string): SweepReportRun[] {
  return summarizeRuns(sweep).map((summary) => ({
    ...summary,
    name: relative(sweep, summary.path),
    metrics: isRunFolder(summary.path) && summary.state !== 'damaged' ? readMetrics(summary.path) : [],
  }));
}

/** Writes report.html of the sweep in a folder and returns its path. @throws RunFolderError, ConfigurationError */
export async function writeSweepReport(
  sweep: string,
  { runs = sweepReportRuns(sweep), heat }: Partial<Pick<SweepReport, 'runs' | 'heat'>> = {},
): Promise<string> {
  const isHalving = readSweep(sweep).halving !== undefined;
  const html = await sweepReportPage({ name: sweep, runs, isHalving, ...(heat && { heat }) });
  writeWhole(sweep, REPORT, html);
  return reportPath(sweep);
}

export interface ReportRequest {
  /** null if they are not available: then there is no confusion matrix and no image. */
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
