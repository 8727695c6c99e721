/** Prints an estimate: the tables of one array, or of a sweep over several, and with a folder the files of both. */
import { join } from 'node:path';
import {
  arraySweepChart,
  arrayText,
  csvText,
  DARK_THEME,
  ESTIMATE_COLUMNS,
  estimateFacts,
  estimateMarkdown,
  estimateRecords,
  estimateRows,
  LIGHT_THEME,
  rooflineChart,
  arraySweepRecords,
  arraySweepTable,
  estimateRecord,
  utilisationChart,
  type ChartTheme,
  type EstimateRecord,
  type EstimateSubject,
  type ArraySweepRow,
} from '../../../experiment/index.js';
import { writeWhole } from '../../../experiment/store/index.js';
import type { StepEstimate } from '../../../hardware/index.js';
import { makeOutFolder } from '../../options/out-folder.js';
import { tableText } from '../../console/table.js';
import type { Terminal } from '../../console/terminal.js';

/** What was estimated, and what goes with it. */
export interface EstimateReport {
  /** One combination, or those of a sweep. */
  readonly rows: readonly ArraySweepRow[];
  readonly subject: EstimateSubject;
  /** The command that makes it again. */
  readonly command: string;
  readonly out?: string;
}

/** A table with all that goes with it. */
interface Content {
  readonly title: string;
  readonly facts: readonly [name: string, text: string][];
  readonly head: readonly string[];
  readonly cells: readonly (readonly string[])[];
  readonly records: readonly EstimateRecord[];
  /** For JSON, beside the records. */
  readonly summary: object;
  readonly pictures: readonly Picture[];
}

interface Picture {
  readonly name: string;
  readonly text: string;
  readonly draw: (theme: ChartTheme) => Promise<string>;
}

/** Prints, and writes the files. */
export async function report(terminal: Terminal, request: EstimateReport): Promise<void> {
  const { rows, subject, out } = request;
  const { estimate } = rows[0]!;
  const content = rows.length === 1 ? estimateContent(estimate, subject) : sweepContent(rows, subject);
  const { title, facts, head, cells, records, summary } = content;
  const array = arrayText(estimate.config, !('array' in rows[0]!.labels));
  const files = out === undefined ? [] : await writeFiles(out, content, array, request.command);
  terminal.json({ event: 'done', title: subject.title, ...summary, rows: records, files });
  terminal.say(`${terminal.colour.bold(title)}\n${array}\n`);
  terminal.say(tableText(terminal, head, cells, 'l' + 'r'.repeat(head.length - 1)));
  terminal.say('');
  if (facts.length > 0) terminal.say(tableText(terminal, ['', ''], facts, 'll').replace(/^\s*\n/, ''));
  if (files.length > 0) terminal.say('');
  for (const file of files) terminal.print(file);
}

function estimateContent(estimate: StepEstimate, subject: EstimateSubject): Content {
  const { config, total, peakGops } = estimate;
  const { title, epoch, hostOps, watts } = subject;
  const drawn = `${title}, on ${config.rows} x ${config.cols} PEs`;
  return {
    title: `Estimate of ${title}`,
    facts: estimateFacts(estimate, subject),
    head: ESTIMATE_COLUMNS,
    cells: estimateRows(estimate),
    records: estimateRecords(estimate),
    summary: { config, peakGops, total: estimateRecord(total), epoch, hostOps, ...(watts && { watts }) },
    pictures: [
      {
        name: 'roofline',
        text: 'Roofline: G-ops/s against operations per byte',
        draw: (theme) => rooflineChart(drawn, estimate, theme),
      },
      {
        name: 'utilisation',
        text: 'What the array does: busy, edge and stalls by product',
        draw: (theme) => utilisationChart(drawn, estimate, theme),
      },
    ],
  };
}

function sweepContent(rows: readonly ArraySweepRow[], { title, hostOps }: EstimateSubject): Content {
  const { head, rows: cells } = arraySweepTable(rows);
  const fields = Object.keys(rows[0]!.labels).join(', ');
  const drawn = `${title}, by ${fields.replace(/, (?=[^,]*$)/, ' and ')}`;
  return {
    title: `Estimates of ${drawn}`,
    facts: [],
    head,
    cells,
    records: arraySweepRecords(rows),
    summary: { config: rows[0]!.estimate.config, hostOps },
    pictures: [
      {
        name: 'sweep',
        text: 'Speed, utilisation and energy of every combination',
        draw: (theme) => arraySweepChart(drawn, rows, theme),
      },
    ],
  };
}

/** Writes everything and returns the paths. */
async function writeFiles(
  out: string,
  { title, facts, head, cells, records, summary, pictures }: Content,
  array: string,
  command: string,
): Promise<string[]> {
  // Loaded only here: most estimates end without a picture.
  const { pngRenderer } = await import('../../console/png.js');
  const render = await pngRenderer();
  makeOutFolder(out);
  const files: string[] = [];
  const write = (name: string, contents: string | Uint8Array): void => {
    writeWhole(out, name, contents);
    files.push(join(out, name));
  };
  for (const { name, draw } of pictures) {
    for (const [file, theme] of [
      [name, LIGHT_THEME],
      [`${name}-dark`, DARK_THEME],
    ] as const) {
      const svg = await draw(theme);
      write(`${file}.svg`, svg);
      write(`${file}.png`, render(svg));
    }
  }
  const shown = pictures.map(({ name, text }) => ({ file: `${name}.svg`, text }));
  write(
    'estimate.md',
    estimateMarkdown({ title, array, facts, head, rows: cells, pictures: shown, command }),
  );
  write('estimate.csv', csvText(records));
  write('estimate.json', JSON.stringify({ title, ...summary, rows: records }, null, 2) + '\n');
  return files;
}
