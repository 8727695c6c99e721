/** All that the page of a comparison shows, as data: found once, before anything is drawn. comparison-page.ts draws it. */
import { networkFromJSON, type NetworkDefinition } from '../../nn/index.js';
import { percentText } from '../draw/text.js';
import type { ComparisonRow } from '../run/comparison.js';
import { lostShare, type LostShare } from '../run/lost.js';
import { testErrorOf } from '../run/metrics.js';
import { differingFields, runFields } from '../sweep/run-fields.js';
import { formatNote, formatsText, roundingsText } from './arithmetic-text.js';
import { lostParts, lostText } from './lost-table.js';

/** One run of a comparison with what its figures say. */
export interface ComparedRun {
  readonly row: ComparisonRow;
  readonly definition: NetworkDefinition;
  /** Test error in percent; null if the loss is not a number. */
  readonly error: number | null;
  /** Of all parameters; null for float32. */
  readonly lost: LostShare | null;
}

/** What the page shows. */
export interface ComparisonView {
  readonly title: string;
  readonly runs: readonly ComparedRun[];
  /** What came out, in two sentences. */
  readonly conclusion: string;
  /** Fields other than formats and rounding in which the runs differ. */
  readonly fields: readonly string[];
  /** Texts of every run: its formats, its rounding and those fields. */
  readonly settings: readonly (readonly string[])[];
  /** How a format is read; empty if all is float32. */
  readonly formatNote: string;
  /** Facts that all runs have in common. */
  readonly common: readonly string[];
  /** The networks, each once, with the names of the runs that have it. */
  readonly networks: readonly { readonly definition: NetworkDefinition; readonly names: readonly string[] }[];
}

/** Finds it. */
export function comparisonView(title: string, rows: readonly ComparisonRow[]): ComparisonView {
  const runs = rows.map((row): ComparedRun => {
    const { result } = row;
    return {
      row,
      definition: networkFromJSON(row.configuration.network),
      error: testErrorOf(result),
      lost: lostShare(result.lost),
    };
  });
  const configurations = rows.map(({ configuration }) => configuration);
  const isArithmetic = (field: string): boolean => /^(layers\.[^.]+\.)?(formats|rounding)\b/.test(field);
  const differing = differingFields(configurations);
  const fields = differing.filter((field) => !isArithmetic(field));
  const texts = configurations.map(runFields);
  const common = ['seed', 'data', 'batch', 'epochs', 'steps', 'learningRate', 'momentum', 'backend'];
  return {
    title,
    runs,
    conclusion: comparisonConclusion(rows),
    fields,
    settings: runs.map(({ definition }, i) => [
      formatsText(definition),
      roundingsText(definition),
      ...fields.map((field) => texts[i]?.[field] ?? '–'),
    ]),
    formatNote: formatNote(runs.map(({ definition }) => definition)),
    common: common.flatMap((field) => {
      const text = texts[0]?.[field];
      return text === undefined || differing.includes(field) ? [] : [`${field} ${text}`];
    }),
    networks: networksOf(runs),
  };
}

function networksOf(runs: readonly ComparedRun[]): ComparisonView['networks'] {
  const found = new Map<string, { definition: NetworkDefinition; names: string[] }>();
  for (const { row, definition } of runs) {
    const key = JSON.stringify(
      definition.layers.map(({ name, type, outputShape }) => [name, type, outputShape]),
    );
    const network = found.get(key) ?? { definition, names: [] };
    network.names.push(row.name);
    found.set(key, network);
  }
  return [...found.values()];
}

/** Test errors, beside float32 if it is there, and what rounding lost: two sentences made of the figures. */
export function comparisonConclusion(rows: readonly ComparisonRow[]): string {
  return [errorSentence(rows), lostSentence(rows)].filter((text) => text !== '').join(' ');
}

function errorSentence(rows: readonly ComparisonRow[]): string {
  const errorOf = ({ result }: ComparisonRow): number | null => testErrorOf(result);
  const text = (row: ComparisonRow): string => {
    const error = errorOf(row);
    return error === null ? 'not a number' : percentText(error);
  };
  const baseline = rows.find(({ configuration }) => configuration.network.formats === 'float32');
  const level = baseline === undefined ? null : errorOf(baseline);
  const others = rows.filter((row) => row !== baseline);
  if (baseline === undefined || level === null || others.length === 0) {
    return `The test error is ${list(rows.map((row) => `${text(row)} with ${row.name}`))}.`;
  }
  const parts = others.map((row) => {
    const error = errorOf(row);
    const points = error === null ? 0 : Number((error - level).toFixed(2));
    const difference =
      error === null
        ? ''
        : points === 0
          ? ' (the same)'
          : ` (${Math.abs(points).toFixed(2)} points ${points < 0 ? 'lower' : 'higher'})`;
    return `${text(row)} with ${row.name}${difference}`;
  });
  const first = `${percentText(level)} with ${baseline.name}`;
  return `The test error is ${list([first, ...parts])}.`;
}

function lostSentence(rows: readonly ComparisonRow[]): string {
  const parts = rows.flatMap(({ name, result }) => {
    const share = lostShare(result.lost);
    return share === null ? [] : [`${lostText(share)} with ${name} (${lostParts(share)})`];
  });
  return parts.length === 0 ? '' : `Of the gradients that were non-zero, rounding lost ${list(parts)}.`;
}

/** `a, b and c`. */
function list(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`;
}
