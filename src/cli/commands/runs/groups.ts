/** Runs that differ in nothing but their seed as one row: of a table, and of JSON. */
import {
  divergedCount,
  doneError,
  stateCounts,
  type RunSummary,
  type SeedGroup,
} from '../../../experiment/index.js';
import { smallestFirst } from '../../../numerics/index.js';
import { tableText } from '../../console/table.js';
import { percentText, type Terminal } from '../../console/terminal.js';

type Group = SeedGroup<RunSummary>;

/** One row per group: fields, states of its runs, and the test error of those that are done. */
export function groupsTable(terminal: Terminal, groups: readonly Group[], fields: readonly string[]): string {
  return tableText(
    terminal,
    [...fields, 'runs', 'test error', 'range'],
    groups.map((group) => {
      const { texts, runs } = group;
      const error = doneError(runs);
      return [
        ...fields.map((field) => texts[field] ?? '-'),
        stateCounts(runs),
        error === null ? noError(group) : percentText(error.mean),
        error === null || error.low === error.high
          ? ''
          : `${error.low.toFixed(2)} to ${error.high.toFixed(2)}`,
      ];
    }),
    `${'l'.repeat(fields.length)}lrr`,
  );
}

function noError({ runs }: Group): string {
  const diverged = divergedCount(runs);
  return diverged === 0 ? '-' : `${diverged} diverged`;
}

/** A group as a flat object. */
export function groupRow(
  { texts, runs }: Group,
  fields: readonly string[],
): Record<string, string | number | null> {
  const error = doneError(runs);
  return {
    ...Object.fromEntries(fields.map((field) => [field, texts[field] ?? null])),
    runs: runs.length,
    done: runs.filter(({ state }) => state === 'done').length,
    diverged: divergedCount(runs),
    testErrorPercent: error?.mean ?? null,
    lowestTestErrorPercent: error?.low ?? null,
    highestTestErrorPercent: error?.high ?? null,
  };
}

/** The best mean first; what has none comes last. */
export function byGroupError(groups: readonly Group[]): Group[] {
  return smallestFirst(groups, ({ runs }) => doneError(runs)?.mean);
}
