/** The tables of a sweep's report as HTML: settings over their seeds, all runs, what they have in common. */
import { htmlTable, noteText } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { countText, digestText, percentText, timeText } from '../draw/text.js';
import { runFields } from '../sweep/run-fields.js';
import { LOST_NOTE, lostSum, lostText, NOT_COUNTED } from './lost-table.js';
import type { Spread } from './spread.js';
import { bitsText } from './sweep-axes.js';
import { errorOf, stateCounts, type SweepReportRun, type MeasuredGroup } from './sweep-groups.js';
import type { SweepView } from './sweep-view.js';

/** Longer tables would make the page too large. */
const MAX_RUNS = 1500;
const MAX_SETTINGS = 500;

/** A row per setting, the best first: its fields, means and ranges over seeds, and its bits. */
export function settingsTable({ settings, ranked, front, fields }: SweepView): string {
  const shown = ranked.slice(0, MAX_SETTINGS);
  const onFront = new Set(front);
  const rows = shown.map((setting) => [
    ...fields.map((field) => escaped(setting.texts[field] ?? '–')),
    stateCounts(setting.runs),
    errorCell(setting),
    spreadCell(setting.trainError, 1, 2),
    lostCell(setting),
    String(Number(setting.bits.perNumber.toPrecision(3))),
    bitsText(setting.bits.movedPerExample) +
      (onFront.has(setting) ? ' <b title="on the Pareto front">*</b>' : ''),
    timeText(setting.seconds),
  ]);
  const head = [
    ...fields.map(escaped),
    'Runs',
    'Test error',
    'Training error',
    'Lost gradients',
    'Bits a number',
    'Moved per example',
    'Time',
  ];
  const rest =
    shown.length < settings.length
      ? noteText(
          `The ${settings.length - shown.length} settings behind these are left out; fewbit runs list shows all.`,
        )
      : '';
  return `<div class="wide results">${htmlTable(head, rows)}</div>${rest}${noteText(
    `Best first. Training error: over the examples of the last epoch as they were trained on. ${LOST_NOTE} Below its range: flushed + swallowed. Bits a number: mean word length of all numbers that a training step holds. *: on the Pareto front. Time: of training, all seeds together.`,
  )}`;
}

function errorCell({ error, diverged, runs }: MeasuredGroup): string {
  if (error !== null) return spreadCell(error, 1, 2);
  if (diverged === 0) return '–';
  const part = runs.length === 1 ? '' : `<small>${diverged} of ${runs.length}</small>`;
  return `<span class="bad">✕ diverged</span>${part}`;
}

/** Mean and range, and the means of the two parts. */
function lostCell({ lost, flushed, swallowed }: MeasuredGroup): string {
  if (lost === null || flushed === null || swallowed === null) return NOT_COUNTED;
  const parts = { lost: lost.mean, flushed: flushed.mean, swallowed: swallowed.mean };
  return `${spreadCell(lost, 100, 2)}<small>${lostSum(parts)}</small>`;
}

function spreadCell(spread: Spread | null, factor: number, digits: number): string {
  if (spread === null) return '–';
  const text = (value: number): string => (factor * value).toFixed(digits);
  const range =
    spread.low === spread.high ? '' : `<small>${text(spread.low)} to ${text(spread.high)}</small>`;
  return `${text(spread.mean)} %${range}`;
}

/** A row per run, in the order of the sweep, and above it the failures. Folded if settings stand for runs. */
export function runsTable({ runs, settings, fields }: SweepView): string {
  const measured = new Map(
    settings.flatMap(({ texts, runs: own }) => own.map((run) => [run.name, { run, texts }] as const)),
  );
  const rows = runs.slice(0, MAX_RUNS).map((run) => {
    const { run: found, texts } = measured.get(run.name) ?? {};
    return [
      `<code class="name">${escaped(run.name)}</code>`,
      escaped(run.state),
      ...fields.map((field) => escaped(texts?.[field] ?? '–')),
      escaped(String(found?.configuration.network.seed ?? '–')),
      String(run.epochs),
      runError(run),
      lostText(found?.lost ?? null),
      timeText(found?.seconds ?? 0),
      run.digest === null ? '–' : `<code class="digest">${digestText(run.digest)}</code>`,
    ];
  });
  const head = [
    'Run',
    'State',
    ...fields.map(escaped),
    'seed',
    'Epochs',
    'Test error',
    'Lost gradients',
    'Time',
    'Digest',
  ];
  const rest =
    rows.length < runs.length
      ? noteText(
          `The ${runs.length - rows.length} runs behind these are left out; fewbit runs list shows all.`,
        )
      : '';
  const problems = runs.flatMap(({ name, problem }) =>
    problem === null ? [] : [`<li><code>${escaped(name)}</code>: ${escaped(problem)}</li>`],
  );
  const failed =
    problems.length === 0 ? '' : `<p>Problems:</p><ul>${problems.slice(0, MAX_SETTINGS).join('\n')}</ul>`;
  return `${failed}<details${settings.length === runs.length ? ' open' : ''}><summary>${runs.length === 1 ? 'One run' : `All ${countText(runs.length)} runs`}</summary>\n<div class="wide">${htmlTable(head, rows)}</div>${rest}</details>`;
}

function runError(run: SweepReportRun): string {
  if (run.isDiverged) return '<span class="bad">✕ diverged</span>';
  const error = errorOf(run);
  return error === null ? '–' : percentText(error);
}

/** What all runs have in common, the layers folded away. */
export function commonTable({ settings, fields, seeds }: SweepView): string {
  const first = settings[0]?.runs[0];
  if (first === undefined) return '';
  const texts = settings.flatMap(({ runs }) => runs.map(({ configuration }) => runFields(configuration)));
  const common = Object.entries(runFields(first.configuration)).filter(
    ([field, value]) =>
      !fields.includes(field) &&
      !(field === 'seed' && seeds > 1) &&
      texts.every((one) => one[field] === value),
  );
  const isLayer = ([field]: [string, string]): boolean =>
    field.startsWith('layers.') || field.startsWith('input.');
  const table = (entries: [string, string][]): string =>
    `<div class="settings">${htmlTable(
      ['', ''],
      entries.map(([field, value]) => [escaped(field), escaped(value)]),
    )}</div>`;
  const layers = common.filter(isLayer);
  return (
    table(common.filter((entry) => !isLayer(entry))) +
    (layers.length === 0 ? '' : `<details><summary>Layers</summary>${table(layers)}</details>`)
  );
}
