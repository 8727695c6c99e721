/**
 * The report of a sweep as one HTML file with nothing to load: error and lost gradients against bits, Pareto front, heat map,
 * learning curves, a table of settings over their seeds, all runs, and what they have in common. docs/experiments.md, section
 * "Report of a sweep".
 */
import { htmlPage, noteText, REPORT_CSS, section, tiles } from '../draw/page.js';
import { percentText, timeText } from '../draw/text.js';
import { SweepCharts } from './sweep-charts.js';
import { stateCounts } from './sweep-groups.js';
import { HEAT_CSS, heatTable } from './sweep-heat-map.js';
import { commonTable, runsTable, settingsTable } from './sweep-tables.js';
import { sweepView, type SweepReport, type SweepView } from './sweep-view.js';

const CSS = `${REPORT_CSS}

code.name { font-size: 12px; }
summary { cursor: pointer; font-weight: 600; margin: 1rem 0 .5rem; }
${HEAT_CSS}`;

/** The whole page. @throws ConfigurationError for a field of the heat map that no run has */
export async function sweepReportPage(report: SweepReport): Promise<string> {
  const view = sweepView(report);
  const charts = await SweepCharts.of(view);
  const curves = 'Mean test error after each epoch over the seeds that are done, and its range.';
  const sections = [
    headSection(view),
    ...(view.hasErrors ? [alongSection(charts, view), paretoSection(charts, view)] : []),
    heatSection(view),
    ...(view.hasErrors ? [section('Learning curves', noteText(curves) + charts.curves())] : []),
    section('Settings', settingsTable(view)),
    section('Runs', runsTable(view)),
    ...(view.settings.length === 0 ? [] : [section('In common', commonTable(view))]),
  ];
  return htmlPage(`Sweep ${view.name}`, sections.filter((text) => text !== '').join('\n'), { css: CSS });
}

function headSection({ runs, isHalving, settings, ranked, seeds, seconds }: SweepView): string {
  const [best] = ranked;
  const figures: [name: string, value: string][] = [
    ['runs', stateCounts(runs) || 'none'],
    ...(settings.length === runs.length ? [] : [['settings', String(settings.length)] as [string, string]]),
    ...(seeds > 1 ? [['seeds', String(seeds)] as [string, string]] : []),
    ...(best === undefined || best.error === null
      ? []
      : [
          [best.name === '' ? 'mean test error' : `best: ${best.name}`, percentText(best.error.mean)] as [
            string,
            string,
          ],
        ]),
    ['of training', timeText(seconds)],
  ];
  const diverged = runs.filter(({ state, isDiverged }) => state === 'done' && isDiverged).length;
  const notes = [
    'Test error after the last epoch. Runs that differ in nothing but their seed are one setting: its mean, and from the smallest to the largest.',
    ...(isHalving
      ? [
          'Pruned runs are hollow marks and take no part in means; where halving prunes some seeds of a setting, the others are its better ones.',
        ]
      : []),
  ];
  const bad =
    diverged === 0
      ? ''
      : `<p class="note bad">${diverged === 1 ? 'One run has' : `${diverged} runs have`} diverged: the loss is not a number any more. Crosses at the upper edge; a setting with such a run has no mean.</p>`;
  return `${tiles(figures)}\n${noteText(notes.join(' '))}${bad}`;
}

function alongSection(charts: SweepCharts, { along }: SweepView): string {
  if (along === null)
    return section(
      'Error against bits',
      noteText('Neither formats nor any number varies, so there is no axis to draw along.'),
    );
  const { axis, levels, hidden } = along;
  const notes = [
    hidden.length === 0
      ? 'A mark is a run, lines and bands the mean and range over seeds.'
      : `A mark is a run. There are no lines because ${hidden.join(', ')} ${hidden.length === 1 ? 'varies' : 'vary'} too, without a colour.`,
    ...(levels.length > 0 ? ['Dashed: what has no place on the axis.'] : []),
  ];
  const isBits =
    axis.fields.includes('rounding') || axis.fields.some((field) => field.split('.').includes('formats'));
  return section(
    `Error against ${isBits ? 'bits' : axis.label}`,
    `${charts.legend(along)}<div class="columns">${charts.error(along)}${charts.lost(along)}</div>${noteText(notes.join(' '))}`,
  );
}

function paretoSection(charts: SweepCharts, { settings, along, front }: SweepView): string {
  const costs = new Set(settings.map(({ bits }) => bits.movedPerExample));
  if (costs.size < 2 || front.length === 0) return '';
  return section(
    'Error against bits moved',
    `${along === null ? '' : charts.legend(along)}${charts.pareto()}${noteText(
      'Bits moved: operands and results of all operations of a training step, each in the word length of its format, by example of the batch. No setting moves fewer bits than one on the front with no more error; the others are faded.',
    )}`,
  );
}

function heatSection({ heat }: SweepView): string {
  if (heat === null) return '';
  const within =
    heat.within.length === 0
      ? ''
      : noteText(
          `${heat.within.join(', ')} ${heat.within.length === 1 ? 'varies' : 'vary'} within a cell; it shows the best of its settings.`,
        );
  return section(
    `Heat map: ${heat.y} and ${heat.x}`,
    noteText('Mean test error over seeds, and its range.') + heatTable(heat) + within,
  );
}
