/**
 * Experiments, safe for a browser: run configurations, sweeps, charts, reports, choice of formats, the paper's
 * figures. Folders on disk are in `fewbit/experiment/store`.
 *
 * @module fewbit/experiment
 */
export { ConfigurationError, RunFolderError } from './run/errors.js';
export {
  changeNetwork,
  completeConfiguration,
  configurationDifference,
  plannedSteps,
  RUN_DEFAULTS,
  type Difference,
  type NetworkChanges,
  type PartialRunConfiguration,
  type RunConfiguration,
  type Subset,
} from './run/configuration.js';
export { parseRunConfiguration } from './run/schema.js';
export { recipeConfiguration, recipes, type Recipe } from './run/recipes.js';
export {
  augmentationText,
  folderName,
  parseAugmentation,
  parseFormats,
  parseRoundings,
  parseSettings,
  type Setting,
} from './run/setting-text.js';
export {
  epochLines,
  testErrorOf,
  trainErrorOf,
  trainingSeconds,
  type EpochLine,
  type IntervalLine,
  type MetricsLine,
  type PrecisionLine,
  type SiteCounts,
} from './run/metrics.js';
export {
  executeRun,
  loadCheckpoint,
  parameterNames,
  resultRow,
  type RunContext,
  type RunEvent,
  type RunOutcome,
  type RunResult,
  type RunStore,
} from './run/execute.js';
export {
  linesUpTo,
  verifyRun,
  type RunEvidence,
  type Verification,
  type VerificationDifference,
} from './run/verification.js';
export type { CheckpointNote, RunSeal } from './run/checkpoint-note.js';
export { checkRunData, checkRunSchema, runSchema, usedData, type RunData } from './run/run-data.js';
export type { ComparisonEntry, ComparisonOutcome, ComparisonRow } from './run/comparison.js';
export { comparisonChart, errorChart, type Chart, type ChartSeries } from './report/error-chart.js';
export { DARK_THEME, LIGHT_THEME, type ChartTheme } from './draw/theme.js';
export { comparisonPage } from './report/comparison-page.js';
export { comparisonConclusion } from './report/comparison-view.js';
export { lostCells, lostParts, lostText, type NamedLost } from './report/lost-table.js';
export { lostGradients, lostShare, type LostGradients, type LostShare } from './run/lost.js';
export { panelChart, type PanelFigure, type PanelSeries, type TheoryPanel } from './draw/theory.js';
export type { Axis } from './draw/axis.js';
export type { PanelPoint } from './draw/panel.js';
export { signed, type Cells } from './draw/text.js';
export {
  roundingStudy,
  type RoundingStudy,
  type RoundingStudyOptions,
  type StudyRow,
} from './study/study.js';
export { roundingStudyFigures } from './study/figures.js';
export { roundingStudyPage, STUDY_COLUMNS, studyTables } from './study/page.js';
export {
  analyzeRanges,
  checkRangeNetwork,
  type RangeAnalysis,
  type RangeRequest,
  type TensorRange,
} from './formats/range-analysis.js';
export {
  bitTotals,
  formatGroups,
  withGroupFormats,
  type BitTotals,
  type FormatGroup,
  type GroupFormats,
} from './formats/format-groups.js';
export { type ProposedFormat } from './formats/format-proposal.js';
export { narrowFormats, type NarrowingRequest, type Trial, type TrialErrors } from './formats/narrowing.js';
export {
  adviceGroups,
  adviseFormats,
  type Advice,
  type AdviceContext,
  type AdviceOutcome,
  type AdviceRequest,
  type VerifiedSetting,
} from './formats/advice.js';
export {
  adviceSentence,
  outcomeText,
  perElement,
  resolutionText,
  verificationCells,
} from './formats/advice-table.js';
export { adviceChart } from './formats/advice-chart.js';
export { adviceJson, adviceMarkdown, advicePage } from './formats/advice-page.js';
export { rangeChart } from './formats/range-chart.js';
export { RANGE_COLUMNS, rangeLines, rangeOrigin, rangePage, rangeRows } from './formats/range-page.js';
export { figures, type Figure, type FigureSetting } from './paper/figures.js';
export {
  figureEntries,
  figureRows,
  type FigureEntry,
  type FigureRow,
  type FigureRun,
  type ReproductionOptions,
} from './paper/reproduction.js';
export type { ChartPoint, Spread } from './report/spread.js';
export { figureCells, FIGURE_NOTE, figureMarkdown, figureHtml, figureSvg } from './paper/figure-page.js';
export {
  evaluateForReport,
  histogram,
  type Histogram,
  type ReportEvaluation,
} from './report/run-evaluation.js';
export { runReportPage } from './report/run-page.js';
export type { RunReport } from './report/run-view.js';
export { sweepReportPage } from './report/sweep-page.js';
export type { SweepReport } from './report/sweep-view.js';
export {
  divergedCount,
  doneError,
  groupBySeed,
  settingFields,
  stateCounts,
  type SeedGroup,
  type SweepReportRun,
} from './report/sweep-groups.js';
export { parseField, type FieldPath, type FieldValues, type JsonValue } from './sweep/field.js';
export { type Draw } from './sweep/random.js';
export {
  checkSweep,
  isSweep,
  parseSweep,
  type GridValues,
  type SweepDefinition,
  type SweepDraft,
  type SweepSpace,
} from './sweep/definition.js';
export { expandSweep, valueText, type Expansion, type SweepRun } from './sweep/expansion.js';
export {
  decide,
  DEFAULT_ETA,
  type Decision,
  type Halving,
  type Pruned,
  type RungRun,
} from './sweep/halving.js';
export { differingFields, fieldsName, runFields, type FieldTexts } from './sweep/run-fields.js';
export {
  csvText,
  summaryErrors,
  summaryRow,
  type Cell,
  type RunState,
  type RunSummary,
} from './sweep/run-summary.js';
export { arraySweepChart } from './array/sweep-chart.js';
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
} from './array/table.js';
export { rooflineChart } from './array/roofline-chart.js';
export { utilisationChart } from './array/utilisation-chart.js';
