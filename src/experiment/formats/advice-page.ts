/** The evidence of advice for readers: Markdown, a page that loads nothing, and JSON. */
import { formatText } from '../../numerics/index.js';
import { htmlPage, noteText, section, textTable, wideChart } from '../draw/page.js';
import { escaped } from '../draw/svg.js';
import { countOf, markdownTable, markdownText, sum } from '../draw/text.js';
import { adviceChart } from './advice-chart.js';
import {
  adviceSentence,
  formatCells,
  resolutionText,
  trialCells,
  verificationCells,
  VERIFICATION_NOTE,
} from './advice-table.js';
import type { Advice } from './advice.js';
import type { GroupFormats } from './format-groups.js';
import { WORTH } from './narrowing.js';
import type { RangeAnalysis } from './range-analysis.js';
import { rangeChart } from './range-chart.js';
import { RATES_NOTE } from './range-page.js';

const TRIALS_NOTE = `Trial 0 is the proposal. By role the first trials take fraction bits from all layers at once, by bisection, with half of the budget; the others take bits from one layer's role, the largest saving first. A change that saves less than ${WORTH * 100} % of all bits is not tried. A trial is given up if the seeds that are left would have to do better than float32.`;
const FORMATS_NOTE = `Rates of the verification, all seeds together. ${RATES_NOTE}`;

/** How the numbers came about. */
function facts({ request, seeds, verified, heldOut }: Advice): string {
  const { trial, full, headroom } = request;
  const length = ({ epochs, steps }: typeof trial): string =>
    [
      ...(epochs === undefined ? [] : [countOf(epochs, 'epoch')]),
      ...(steps === undefined ? [] : [`${steps} steps`]),
    ].join(', at most ');
  const { data, batch, network, fewbit } = trial;
  return (
    `${network.name ?? 'network'} on ${data}, batch ${batch}; decisions on ${heldOut} held-out training examples. Trials of ${length(trial)} with the seeds ${seeds.join(', ')}; ` +
    `verification of ${length(full)} with the seeds ${(verified[0]?.seeds ?? []).join(', ')}. Headroom of the proposal: ${countOf(headroom, 'bit')}.${fewbit === undefined ? '' : ` Fewbit ${fewbit}.`}`
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
  const name = markdownText(advice.configuration.network.name ?? 'network');
  return [
    `# Formats for ${name}`,
    markdownText(adviceSentence(advice)),
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
    markdownText(facts(advice)),
    `\`\`\`sh\n${command}\n\`\`\``,
    '',
  ].join('\n\n');
}

/** The same as a page, with the histograms of all tensors in their advised formats. */
export async function advicePage(advice: Advice, { command }: { readonly command: string }): Promise<string> {
  const chart = await wideChart((theme) => adviceChart(advice, theme));
  const ranges = await wideChart((theme) => rangeChart(advisedRanges(advice), theme));
  const sections = [
    `<p>${escaped(adviceSentence(advice))}</p>`,
    section('Verification', textTable(verificationCells(advice)) + noteText(VERIFICATION_NOTE)),
    section('Held-out error against bits, trial by trial', chart + noteText(resolutionText(advice))),
    section('Formats', textTable(formatCells(advice)) + noteText(FORMATS_NOTE)),
    section('Magnitudes in float32 and the advised formats', ranges),
    section('Trials', textTable(trialCells(advice)) + noteText(TRIALS_NOTE)),
    noteText(facts(advice)),
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
    elements: sum(groups.map(({ elements }) => elements)),
  };
}
