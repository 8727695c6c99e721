/**
 * The report of a sweep as one HTML file with nothing to load: error and swallowed updates against bits, Pareto front, heat map,
 * learning curves, a table of settings over their seeds, all runs, and what they have in common. docs/experiments.md, section
 * "Report of a sweep".
 */
import { escaped } from '../draw/theme.js';
import { errorText } from '../draw/error-axis.js';
import { ConfigurationError } from '../run/errors.js';
import { htmlPage, noteText, REPORT_CSS } from '../draw/page.js';
import { fieldTextIn } from '../sweep/run-fields.js';
import { SweepCharts } from './sweep-charts.js';
import { HEAT_CSS, heatTable } from './sweep-heat-map.js';
import { heatFields, heatMap, paretoFront, sweepAlong, type SweepAlong } from './sweep-series.js';
import { commonTable, runsTable, settingsTable, timeText } from './sweep-tables.js';
import {
  byError,
  settingFields,
  stateCounts,
  sweepSettings,
  type SweepReportRun,
  type SweepSetting,
} from './sweep-groups.js';

/** What a sweep's report is made of. */
export interface SweepReport {
  /** What the sweep is called, for example its folder. */
  readonly name: string;
  readonly runs: readonly SweepReportRun[];
  /** Runs are pruned by successive halving. */
  readonly isHalving: boolean;
  /** Fields of the heat map, across and down; default: the two that vary, where there are two. */
  readonly heat?: { readonly x: string; readonly y: string };
}

const CSS = `${REPORT_CSS}
.legend { max-width: none; } .legend > span { display: inline-block; white-space: normal; } svg.key { vertical-align: -.1rem; } td small { display: block; }
.results th { white-space: normal; vertical-align: bottom; line-height: 1.25; } code.name { font-size: 12px; }
summary { cursor: pointer; font-weight: 600; margin: 1rem 0 .5rem; }
${HEAT_CSS}`;

/** The whole page. @throws ConfigurationError for a field of the heat map that no run has */
export async function sweepReportPage(report: SweepReport): Promise<string> {
  const fields = settingFields(report.runs);
  const settings = sweepSettings(report.runs, fields);
  const along = sweepAlong(settings, fields);
  const charts = await SweepCharts.of(settings, along);
  const hasErrors = settings.some(({ runs }) =>
    runs.some(({ testErrorPercent }) => testErrorPercent !== null),
  );
  const sections = [
    headSection(report, settings),
    ...(hasErrors ? [alongSection(charts, along), paretoSection(charts, settings, along)] : []),
    heatSection(report, settings, fields),
    ...(hasErrors
      ? [
          section(
            'Learning curves',
            noteText('Mean test error after each epoch over the seeds that are done, and its range.') +
              charts.curves(),
          ),
        ]
      : []),
    section('Settings', settingsTable(settings, fields)),
    section('Runs', runsTable(report.runs, settings, fields)),
    ...(settings.length === 0 ? [] : [section('In common', commonTable(settings, fields))]),
  ];
  return htmlPage(`Sweep ${report.name}`, sections.filter((text) => text !== '').join('\n'), { css: CSS });
}

const section = (title: string, body: string): string => `<h2>${escaped(title)}</h2>\n${body}`;

function headSection({ runs, isHalving }: SweepReport, settings: readonly SweepSetting[]): string {
  const [best] = byError(settings);
  const seconds = settings.reduce((sum, setting) => sum + setting.seconds, 0);
  const seeds = new Set(
    settings.flatMap((setting) => setting.runs.map(({ configuration }) => configuration.network.seed)),
  );
  const tiles = [
    ['runs', stateCounts(runs) || 'none'],
    ...(settings.length === runs.length ? [] : [['settings', String(settings.length)]]),
    ...(seeds.size > 1 ? [['seeds', String(seeds.size)]] : []),
    ...(best === undefined || best.error === null
      ? []
      : [[best.name === '' ? 'mean test error' : `best: ${best.name}`, errorText(best.error.mean)]]),
    ['of training', timeText(seconds)],
  ].map(
    ([name = '', value = '']) =>
      `<div class="tile"><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`,
  );
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
      : `<p class="note bad">${diverged === 1 ? 'One run has' : `${diverged} runs have`} diverged: the loss is no number any more. Crosses at the upper edge; a setting with such a run has no mean.</p>`;
  return `<div class="tiles">${tiles.join('')}</div>\n${noteText(notes.join(' '))}${bad}`;
}

function alongSection(charts: SweepCharts, along: SweepAlong | null): string {
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
    `${charts.legend(along)}<div class="columns">${charts.error(along)}${charts.swallowed(along)}</div>${noteText(notes.join(' '))}`,
  );
}

function paretoSection(
  charts: SweepCharts,
  settings: readonly SweepSetting[],
  along: SweepAlong | null,
): string {
  const costs = new Set(settings.map(({ bits }) => bits.movedPerExample));
  if (costs.size < 2 || paretoFront(settings).length === 0) return '';
  return section(
    'Error against bits moved',
    `${along === null ? '' : charts.legend(along)}${charts.pareto()}${noteText(
      'Bits moved: operands and results of all operations of a training step, each in the word length of its format, by example of the batch. No setting moves fewer bits than one on the front with no more error; the others are faded.',
    )}`,
  );
}

function heatSection(
  { heat }: SweepReport,
  settings: readonly SweepSetting[],
  fields: readonly string[],
): string {
  const chosen = heat ?? heatFields(settings, fields);
  if (chosen === null || settings.length === 0) return '';
  const configurations = settings.flatMap(({ runs }) => runs.map(({ configuration }) => configuration));
  for (const field of [chosen.x, chosen.y]) {
    if (configurations.every((configuration) => fieldTextIn(configuration, field) === undefined)) {
      throw new ConfigurationError(
        `heat map: no run has a field "${field}"; these vary: ${[...fields, 'seed'].join(', ')}`,
      );
    }
  }
  const map = heatMap(settings, fields, chosen);
  const within =
    map.within.length === 0
      ? ''
      : noteText(
          `${map.within.join(', ')} ${map.within.length === 1 ? 'varies' : 'vary'} within a cell; it shows the best of its settings.`,
        );
  return section(
    `Heat map: ${map.y} and ${map.x}`,
    noteText('Mean test error over seeds, and its range.') + heatTable(map) + within,
  );
}
