/**
 * The folder of advice: the request, the analysis, the runs, and the result. The same request continues with
 * its contents.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  configurationDifference,
  type AdviceRequest,
  type RangeAnalysis,
  type RunConfiguration,
} from '../../../experiment/index.js';
import { jsonText, readJson, writeWhole } from '../../../experiment/store/index.js';
import { UsageError } from '../../console/errors.js';
import { checkOutFolder, makeOutFolder } from '../../options/out-folder.js';

/** What decides the runs; budget, seeds and number of trials may change from call to call. */
export type AdviceMark = Pick<AdviceRequest, 'trial' | 'full' | 'bits' | 'headroom'>;

const REQUEST = 'request.json';
const RANGES = 'ranges.json';

/**
 * Checks the folder before any work is done. @throws UsageError if it is a file, or holds anything except
 * advice.
 */
export function checkAdviceFolder(path: string): void {
  if (!existsSync(join(path, REQUEST))) checkOutFolder(path, false, 'choose another folder');
}

/**
 * Makes the folder of the request, or continues with it. @throws UsageError if it is that of another request.
 */
export function openAdviceFolder(path: string, mark: AdviceMark): void {
  makeOutFolder(path);
  const file = join(path, REQUEST);
  if (!existsSync(file)) {
    writeWhole(path, REQUEST, jsonText(mark));
    return;
  }
  const recorded = readJson(file) as AdviceMark;
  const differences = [
    ...(['trial', 'full'] as const).map((part) => differenceOf(part, recorded[part], mark[part])),
    ...(['bits', 'headroom'] as const).map((field) =>
      recorded[field] === mark[field] ? null : { field, recorded: recorded[field], given: mark[field] },
    ),
  ];
  const difference = differences.find((one) => one !== null);
  if (!difference) return;
  const text = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
  throw new UsageError(
    `--out ${path}: holds other advice, ${difference.field} is ${text(difference.recorded)} there and ${text(difference.given)} here; choose another folder`,
  );
}

function differenceOf(
  part: string,
  recorded: RunConfiguration,
  given: RunConfiguration,
): { field: string; recorded: unknown; given: unknown } | null {
  const difference = configurationDifference(recorded, JSON.parse(JSON.stringify(given)) as RunConfiguration);
  return difference && { ...difference, field: `${part}.${difference.field}` };
}

/** The analysis of the request, if it was made before. */
export function readRanges(path: string): RangeAnalysis | null {
  const file = join(path, RANGES);
  return existsSync(file) ? (readJson(file) as RangeAnalysis) : null;
}

export function writeRanges(path: string, analysis: RangeAnalysis): void {
  writeWhole(path, RANGES, jsonText(analysis));
}
