/**
 * The text of metrics.jsonl. Each line ends with two digests: `previous` binds it to the line before, and so to
 * all lines before it, and `sha256` is a checksum of the line itself. Lines of versions without digests are
 * read too. Described in docs/experiments.md, section "A run folder is one whole".
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../../numerics/index.js';
import { RunFolderError } from '../run/errors.js';
import type { MetricsLine } from '../run/metrics.js';

/** SHA-256 as 64 hexadecimal digits. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** The lines of a file, as far as they were read. */
export interface MetricsFile {
  readonly lines: readonly MetricsLine[];
  /** Where each line ends, in bytes. */
  readonly ends: readonly number[];
  /** The chain's digest before the first line, then after each line: one more than there are lines. */
  readonly chain: readonly string[];
  /** Whether the lines have digests; null without lines. */
  readonly isChained: boolean | null;
  /** Why the line after these, which no checkpoint covers, is none; null if there is no such line. */
  readonly damage: string | null;
}

/**
 * The text of a line. Times are not in the digest of a line, because a training that is repeated takes another
 * time; they are in its checksum.
 * @param previous digest of the line before; null for a line without digests
 */
export function lineText(line: MetricsLine, previous: string | null): string {
  if (previous === null) return JSON.stringify(line) + '\n';
  const text = JSON.stringify({ ...line, previous });
  return `${text.slice(0, -1)},"sha256":"${sha256(text)}"}\n`;
}

/** The chain's digest after a line: SHA-256 of its JSON, with `previous`, without times and checksum. */
export function lineDigest(line: MetricsLine, previous: string): string {
  return digestOf({ ...line, previous });
}

function digestOf(line: object): string {
  const timeless = Object.entries(line).filter(([name]) => name !== 'seconds' && name !== 'stepsPerSecond');
  return sha256(JSON.stringify(Object.fromEntries(timeless)));
}

/**
 * The digest before the first line: SHA-256 of the JSON of config.json, fields in the order of their names, without those
 * that change no result.
 * @param configuration contents of config.json
 */
export function chainStart(configuration: unknown): string {
  const isRecord = typeof configuration === 'object' && configuration !== null;
  const entries = isRecord ? Object.entries(configuration) : [];
  return sha256(
    sortedJson(Object.fromEntries(entries.filter(([name]) => name !== 'fewbit' && name !== 'threads'))),
  );
}

/** JSON whose text does not depend on the order in which fields were written. */
function sortedJson(json: unknown): string {
  return JSON.stringify(json, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/**
 * Reads lines. A last line without an end is left out: a crash cut it short.
 * @param file names the file in errors
 * @param start the chain's digest before the first line
 * @param isCovered called at a damaged line with the lines before it: true if a checkpoint covers no more than these
 * @throws RunFolderError naming the line, if it is covered and is damaged or does not continue the lines before it
 */
export function parseMetrics(
  bytes: Uint8Array,
  file: string,
  start: string,
  isCovered: (before: readonly MetricsLine[]) => boolean = () => false,
): MetricsFile {
  const lines: MetricsLine[] = [];
  const ends: number[] = [];
  const chain = [start];
  const place = new Place();
  let isChained: boolean | null = null;
  let damage: string | null = null;
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
    const number = `line ${lines.length + 1}`;
    const read = parseLine(bytes.subarray(from, end));
    const problem = ((): string | null => {
      if (typeof read === 'string') return `${number} is no metrics line (${read})`;
      if (isChained !== null && isChained !== (read.previous !== null))
        return `${number} is of another version than the lines before it`;
      if (read.previous !== null && read.previous !== chain.at(-1)) {
        return lines.length === 0
          ? `${number} does not belong to config.json`
          : `${number} does not follow line ${lines.length}`;
      }
      const gap = place.add(read.line);
      return gap === null ? null : `${number} ${gap}`;
    })();
    if (problem !== null || typeof read === 'string') {
      damage = problem;
      if (isCovered(lines)) break;
      throw new RunFolderError(
        `${file}: ${problem}; restore the file, or start the run again in another folder`,
      );
    }
    isChained = read.previous !== null;
    lines.push(read.line);
    chain.push(lineDigest(read.line, chain.at(-1) ?? start));
    from = end + 1;
    ends.push(from);
  }
  return { lines, ends, chain, isChained, damage };
}

/** Follows the lines through the run: steps without gap or overlap, every epoch and every stage once. */
class Place {
  #step = 0;
  #epoch = 0;
  #stage = 0;

  /** What is wrong with a line at this place; null if nothing is. */
  add(line: MetricsLine): string | null {
    if (line.event === 'interval') {
      if (line.from !== this.#step)
        return `begins at step ${line.from}, the lines before it end at ${this.#step}`;
      this.#step = line.step;
      return null;
    }
    if (line.step !== this.#step) return `is of step ${line.step}, the lines before it end at ${this.#step}`;
    if (line.event === 'precision') {
      if (line.stage <= this.#stage) return `begins stage ${line.stage} again`;
      this.#stage = line.stage;
      return null;
    }
    if (line.epoch !== this.#epoch + 1) return `is of epoch ${line.epoch}, expected epoch ${this.#epoch + 1}`;
    this.#epoch = line.epoch;
    return null;
  }
}

const count = z.int().min(0);
const ordinal = z.int().min(1);
const percent = z.number().min(0).max(100);
/** null stands for what is not a number. */
const loss = z.number().nullable();
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const sites = z.record(
  z.string(),
  z.looseObject({
    elements: count,
    saturatedHigh: count,
    saturatedLow: count,
    flushed: count,
    maxMagnitude: z.number().min(0),
    swallowed: count,
    // Absent in lines of earlier versions.
    gradients: count.optional(),
    swallowedGradients: count.optional(),
  }),
);
const texts = z.record(z.string(), z.string());
const digests = { weights: digest.optional(), previous: digest.optional() };

const metricsLine = z.discriminatedUnion('event', [
  z.looseObject({
    event: z.literal('interval'),
    epoch: ordinal,
    from: count,
    step: ordinal,
    examples: ordinal,
    lossSum: loss,
    correct: count,
    seconds: z.number().min(0),
    sites,
    ...digests,
  }),
  z.looseObject({
    event: z.literal('epoch'),
    epoch: ordinal,
    step: count,
    partial: z.boolean(),
    loss,
    trainErrorPercent: percent,
    testErrorPercent: percent,
    testLoss: loss,
    stepsPerSecond: z.number().min(0),
    ...digests,
  }),
  z.looseObject({
    event: z.literal('precision'),
    epoch: ordinal,
    step: count,
    stage: ordinal,
    reason: z.enum(['epoch', 'stalled']),
    formats: texts,
    rounding: texts,
    sites,
    ...digests,
  }),
]);

const CHECKSUM = /,"sha256":"([0-9a-f]{64})"\}$/;

/** A line and the digest it carries, or why it is none. */
function parseLine(bytes: Uint8Array): { line: MetricsLine; previous: string | null } | string {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = parseJson(text);
  } catch {
    return 'not JSON';
  }
  const parsed = metricsLine.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'invalid'}`.replace(/^: /, '');
  }
  if (
    parsed.data.event === 'interval' &&
    (parsed.data.step <= parsed.data.from || parsed.data.correct > parsed.data.examples)
  )
    return 'its counts contradict each other';
  // The value itself keeps the order of its fields, on which the digest depends.
  const {
    previous,
    sha256: recorded,
    ...line
  } = value as MetricsLine & { previous?: string; sha256?: string };
  if (previous === undefined && recorded === undefined) return { line, previous: null };
  const whole = text.replace(CHECKSUM, '}');
  if (previous === undefined || whole === text || recorded !== sha256(whole)) return 'its checksum differs';
  return { line, previous };
}
