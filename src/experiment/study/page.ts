/** The rounding study as one HTML page: every figure with what to see in it, and all numbers. */
import { htmlPage, noteText, section, textTable, wideChart } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { panelChart } from '../draw/theory.js';
import { roundingStudyFigures } from './figures.js';
import type { RoundingStudy, StudyRow } from './study.js';

/** Head of the table of rows. */
export const STUDY_COLUMNS = ['setting', 'bias', 'theory', 'standard error', 'variance', 'theory'] as const;

/** The rows of the study by experiment, as texts below STUDY_COLUMNS; unit eps. */
export function studyTables({ rows }: RoundingStudy): { experiment: string; rows: string[][] }[] {
  const experiments = [...new Set(rows.map(({ experiment }) => experiment))];
  return experiments.map((experiment) => ({
    experiment,
    rows: rows.filter((row) => row.experiment === experiment).map(cells),
  }));
}

function cells({ setting, bias, biasTheory, standardError, variance, varianceTheory }: StudyRow): string[] {
  return [setting, ...[bias, biasTheory, standardError, variance, varianceTheory].map(decimals)];
}

/** Five decimals near 0, whole numbers if they are large. */
function decimals(value: number): string {
  const size = Math.abs(value);
  const text = size >= 1e9 ? value.toExponential(3) : value.toFixed(size >= 1000 ? 0 : 5);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** The whole page. */
export async function roundingStudyPage(study: RoundingStudy): Promise<string> {
  const figures = await Promise.all(
    roundingStudyFigures(study).map(async (figure) => {
      const chart = await wideChart((theme) => panelChart(figure, theme));
      return section(figure.title, `${chart}\n<p>${escaped(figure.caption)}</p>`);
    }),
  );
  const head = ['Setting', 'Bias, ε', 'Theory', 'Standard error', 'Variance, ε²', 'Theory'];
  const tables = studyTables(study).map(
    ({ experiment, rows }) => `<h3>${escaped(experiment)}</h3>\n${textTable({ head, rows })}`,
  );
  const { seed, samples, weights } = study;
  const note = noteText(
    `${samples} dot products, ${weights} weights, seed ${seed}. Points are measured with Fewbit's integer arithmetic, lines are theory. ε is the step of the result's format.`,
  );
  const sections = [note, ...figures, section('All numbers', tables.join('\n'))];
  return htmlPage('Rounding, number by number', sections.join('\n'));
}
