/** Experiments: run configurations, run folders that survive a kill, comparisons, charts. */
export { ConfigurationError, RunFolderError } from './errors.js';
export {
  changeNetwork,
  completeConfiguration,
  configurationDifference,
  isFinished,
  plannedSteps,
  RUN_DEFAULTS,
  type Difference,
  type NetworkChanges,
  type PartialRunConfiguration,
  type RunConfiguration,
  type Subset,
} from './settings.js';
export { parseRunConfiguration } from './schema.js';
export { recipeConfiguration, recipes, type Recipe } from './recipes.js';
export {
  augmentationText,
  folderName,
  parseAugmentation,
  parseFormats,
  parseRoundings,
  parseSetting,
  parseSettings,
  type Setting,
} from './setting-text.js';
export {
  epochLines,
  trainingSeconds,
  type EpochLine,
  type IntervalLine,
  type MetricsLine,
  type PrecisionLine,
  type SiteCounts,
  type SwallowedRate,
} from './metrics.js';
export {
  checkpointPath,
  isRunFolder,
  jsonText,
  readJson,
  readMetrics,
  RunFolder,
  writeWhole,
} from './run-folder.js';
export { lockHolder, type LockHolder, type LockOwner } from './run-folder-lock.js';
export { openStoredRun, readRecord, type RunRecord, type StoredRun } from './stored-run.js';
export {
  checkRunData,
  executeRun,
  loadCheckpoint,
  parameterNames,
  usedData,
  type RunContext,
  type RunData,
  type RunEvent,
  type RunOutcome,
  type RunResult,
} from './run.js';
export {
  checkEntries,
  runComparison,
  type ComparisonContext,
  type ComparisonEntry,
  type ComparisonOutcome,
  type ComparisonRow,
} from './comparison.js';
export { comparisonChart, errorChart, type Chart, type ChartPoint, type ChartSeries } from './chart.js';
export { DARK_THEME, LIGHT_THEME, type ChartTheme } from './chart-tools.js';
export { comparisonPage } from './chart-page.js';
export {
  panelChart,
  type Panel,
  type PanelAxis,
  type PanelFigure,
  type PanelPoint,
  type PanelSeries,
} from './panel-chart.js';
export {
  roundingStudy,
  type KeptPoint,
  type RoundingStudy,
  type RoundingStudyOptions,
  type StudyRow,
  type WeightPath,
  type WeightPoint,
} from './rounding-study.js';
export { roundingStudyFigures } from './rounding-study-figures.js';
export { roundingStudyPage, STUDY_COLUMNS, studyTables } from './rounding-study-page.js';
export {
  analyzeRanges,
  checkRangeNetwork,
  type RangeAnalysis,
  type RangeRequest,
  type TensorRange,
} from './range-analysis.js';
export {
  bitTotals,
  formatGroups,
  withFittingBiases,
  withGroupFormats,
  type BitTotals,
  type FormatGroup,
  type GroupFormats,
} from './format-groups.js';
export { proposalReason, proposeFormats, type ProposedFormat } from './format-proposal.js';
export { narrowFormats, type NarrowingRequest, type Trial, type TrialErrors } from './narrowing.js';
export {
  adviceGroups,
  adviseFormats,
  type Advice,
  type AdviceContext,
  type AdviceOutcome,
  type AdviceRequest,
  type VerifiedSetting,
} from './advice.js';
export {
  adviceSentence,
  formatCells,
  outcomeText,
  perElement,
  resolutionText,
  signed,
  trialCells,
  verificationCells,
  VERIFICATION_NOTE,
  type Cells,
} from './advice-table.js';
export { adviceChart } from './advice-chart.js';
export { adviceJson, adviceMarkdown, advicePage } from './advice-page.js';
export type { MagnitudeBin } from './magnitudes.js';
export type { RangeRates } from './wide-rates.js';
export { rangeChart } from './range-chart.js';
export { RANGE_COLUMNS, rangeLines, rangeOrigin, rangePage, rangeRows } from './range-page.js';
export { figures, type Figure, type FigureName, type FigureSetting, type PaperValue } from './figures.js';
export {
  figureEntries,
  figureRows,
  type FigureEntry,
  type FigureRow,
  type FigureRun,
  type ReproductionOptions,
} from './reproduction.js';
export type { Spread } from './spread.js';
export { figureCells, FIGURE_NOTE, figureMarkdown, figureHtml, figureSvg } from './paper-figure-page.js';
export {
  evaluateForReport,
  histogram,
  type Histogram,
  type ReportEvaluation,
  type WorstExample,
} from './report-data.js';
export { runReportPage, type RunReport } from './report-page.js';
export { sweepReportPage, type SweepReport } from './sweep-report-page.js';
export {
  divergedCount,
  doneError,
  groupBySeed,
  settingFields,
  stateCounts,
  type SeedGroup,
  type SweepReportRun,
} from './sweep-settings.js';
export {
  fieldText,
  parseField,
  withFields,
  type FieldPath,
  type FieldValues,
  type JsonValue,
} from './sweep-field.js';
export { drawnValue, type Draw, type NumberRange } from './sweep-random.js';
export {
  checkSweep,
  isSweep,
  parseSweep,
  type GridValues,
  type ListPoint,
  type RandomSearch,
  type SweepDefinition,
  type SweepDraft,
  type SweepSpace,
} from './sweep-definition.js';
export { expandSweep, valueText, type Expansion, type SweepRun } from './sweep-expansion.js';
export { decide, DEFAULT_ETA, type Decision, type Halving, type Pruned, type RungRun } from './halving.js';
export { differingFields, fieldsName, formatsText, runFields, type FieldTexts } from './run-fields.js';
export { csvText, summaryRow, type RunState, type RunSummary } from './run-summary.js';
export { findRuns, stepsDone, summarizeRun } from './run-folder-summary.js';
export { markFailure, markPruned, readFailure, readPruned, runLog } from './run-folder-mark.js';
export {
  checkSweepFolder,
  isSweepFolder,
  readJobs,
  readRungRun,
  readSweep,
  summarizeRuns,
  SweepFolder,
  sweepRunPath,
  writeIndex,
  writeJobs,
  type SlurmJob,
} from './run-folder-sweep.js';
export { planRemoval, remove, type Removal } from './run-folder-remove.js';
export { arraySweepChart } from './array-sweep-chart.js';
export {
  arrayText,
  ESTIMATE_COLUMNS,
  estimateFacts,
  estimateMarkdown,
  estimateRecords,
  estimateRows,
  arraySweepRecords,
  arraySweepTable,
  estimateRecord,
  type EstimateRecord,
  type EstimateSubject,
  type ArraySweepRow,
} from './estimate-table.js';
export { rooflineChart } from './roofline-chart.js';
export { utilisationChart } from './utilisation-chart.js';
