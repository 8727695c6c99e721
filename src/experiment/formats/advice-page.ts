/** The evidence of advice for readers: Markdown, a page that loads nothing, and JSON. */
import { formatText } from '../../numerics/index.js';
import { adviceChart } from './advice-chart.js';
import {
  adviceSentence,
  formatCells,
  resolutionText,
  trialCells,
  verificationCells,
  VERIFICATION_NOTE,
  type Cells,
} from './advice-table.js';
import type { Advice } from './advice.js';
import { escaped } from '../draw/theme.js';
import { htmlTable } from '../figure-page.js';
import type { GroupFormats } from './format-groups.js';
import { WORTH } from './narrowing.js';
import { htmlPage, PAGE_THEME } from '../draw/page.js';
import type { RangeAnalysis } from './range-analysis.js';
import { rangeChart } from './range-chart.js';

const TRIALS_NOTE = `Trial 0 is the proposal. By role the first trials take fraction bits from all layers at once, by bisection, with half of the budget; the others take bits from one layer's role, what saves most first. What would save less than ${WORTH * 100} % of all bits is not tried. A trial is given up where the seeds that are left would have to do better than float32.`;
const FORMATS_NOTE =
  'Rates of the verification, all seeds together. Saturated: outside of the format. Flushed: not zero before rounding, zero after it. Swallowed: an update that was not zero and left its parameter unchanged.';

/** How the numbers came about. */
function facts({ request, seeds, verified, heldOut }: Advice): string {
  const { trial, full, headroom } = request;
  const length = ({ epochs, steps }: typeof trial): string =>
    [
      ...(epochs === undefined ? [] : [`${epochs} epoch${epochs === 1 ? '' : 's'}`]),
      ...(steps === undefined ? [] : [`${steps} steps`]),
    ].join(', at most ');
  const { data, batch, network, fewbit } = trial;
  return (
    `${network.name ?? 'network'} on ${data}, batch ${batch}; decisions on ${heldOut} held-out training examples. Trials of ${length(trial)} with the seeds ${seeds.join(', ')}; ` +
    `verification of ${length(full)} with the seeds ${(verified[0]?.seeds ?? []).join(', ')}. Headroom of the proposal: ${headroom} bit${headroom === 1 ? '' : 's'}.${fewbit === undefined ? '' : ` Fewbit ${fewbit}.`}`
  );
}

/** Magnitudes of float32 with the windows of the advised formats. */
function advisedRanges({ ranges, groups, formats }: Advice): RangeAnalysis {
  const tensors = ranges.tensors.map((tensor) => {
    const group = groups.find((one) => one.tensors.includes(tensor.name));
    const format = group && formats.get(group.name);
    if (!format) return tensor;
    const largest = tensor.bins.at(-1)?.exponent;
    const headroomBits = largest === undefined ? null : format.il - 2 - largest;
    return { ...tensor, ...format, format: formatText(format), headroomBits };
  });
  return { ...ranges, tensors };
}

/** Markdown with the picture `picture`; `command` is what makes it again. */
export function adviceMarkdown(
  advice: Advice,
  { picture, command }: { readonly picture: string; readonly command: string },
): string {
  const name = advice.configuration.network.name ?? 'network';
  return [
    `# Formats for ${name}`,
    adviceSentence(advice),
    '## Verification',
    markdownTable(verificationCells(advice)),
    VERIFICATION_NOTE,
    `![${name}: held-out error against bits, trial by trial](${picture})`,
    resolutionText(advice),
    '## Formats',
    markdownTable(formatCells(advice)),
    FORMATS_NOTE,
    '## Trials',
    markdownTable(trialCells(advice)),
    TRIALS_NOTE,
    facts(advice),
    `\`\`\`sh\n${command}\n\`\`\``,
    '',
  ].join('\n\n');
}

function markdownTable({ head, rows }: Cells): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The same as a page, with the histograms of all tensors in their advised formats. */
export async function advicePage(advice: Advice, { command }: { readonly command: string }): Promise<string> {
  const note = (text: string): string => `<p class="note">${escaped(text)}</p>`;
  const table = ({ head, rows }: Cells): string => htmlTable(head, rows);
  const sections = [
    `<p>${escaped(adviceSentence(advice))}</p>`,
    '<h2>Verification</h2>',
    table(verificationCells(advice)),
    note(VERIFICATION_NOTE),
    '<h2>Held-out error against bits, trial by trial</h2>',
    `<div class="wide">${await adviceChart(advice, PAGE_THEME)}</div>`,
    note(resolutionText(advice)),
    '<h2>Formats</h2>',
    table(formatCells(advice)),
    note(FORMATS_NOTE),
    '<h2>Magnitudes in float32 and the advised formats</h2>',
    `<div class="wide">${rangeChart(advisedRanges(advice), PAGE_THEME)}</div>`,
    '<h2>Trials</h2>',
    table(trialCells(advice)),
    note(TRIALS_NOTE),
    note(facts(advice)),
    `<pre><code>${escaped(command)}</code></pre>`,
  ];
  const title = `Formats for ${advice.configuration.network.name ?? 'network'}`;
  // The last column of each table is text.
  return htmlPage(title, sections.join('\n'), { css: 'th:last-child, td:last-child { text-align: left; }' });
}

/** All numbers as JSON data, formats as text. */
export function adviceJson(advice: Advice): Readonly<Record<string, unknown>> {
  const texts = (formats: GroupFormats): Record<string, string> =>
    Object.fromEntries([...formats].map(([name, format]) => [name, formatText(format)]));
  const { request, groups, proposal, trials, verified, ranges: _ranges, ...rest } = advice;
  const { bits, budget, headroom } = request;
  return {
    ...{ bits, budget, headroom },
    ...rest,
    formats: texts(advice.formats),
    proposal: proposal.map(({ group, format, largest }) => ({
      ...{ group: group.name, tensors: group.tensors, elements: group.elements, moved: group.moved },
      ...{ format: formatText(format), largest },
    })),
    trials: trials.map((trial) => ({ ...trial, formats: texts(trial.formats) })),
    verified: verified.map((setting) => ({
      ...setting,
      formats: setting.formats && texts(setting.formats),
      sites: Object.fromEntries(setting.sites),
    })),
    elements: groups.reduce((sum, { elements }) => sum + elements, 0),
  };
}
