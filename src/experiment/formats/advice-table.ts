/** Advice as rows of tables and sentences: formats with their reasons, trials, verification, and the smallest difference that the trials can show. */
import { formatText, wordLength } from '../../numerics/index.js';
import { countOf, digestText, mean, percentText, shareText, signed, sum, type Cells } from '../draw/text.js';
import type { Advice, VerifiedSetting } from './advice.js';
import { bitTotals, formatOf, type BitTotals, type FormatGroup } from './format-groups.js';
import { proposalReason } from './format-proposal.js';
import type { Trial } from './narrowing.js';

/** Mean word length of the stored elements. */
export function perElement(groups: readonly FormatGroup[], { stored }: BitTotals): number {
  return stored / sum(groups.map(({ elements }) => elements));
}

/** Settings of the verification, float32 first and the advised one last. */
export function verificationCells({ verified, groups }: Advice): Cells {
  const [float32] = verified;
  const uniform = verified[1]?.bits;
  const rows = verified.map((setting): string[] => {
    const { name, bits, heldOutErrors, testErrors, digests } = setting;
    const above = (errors: readonly number[], base: readonly number[] | undefined): string =>
      base === undefined || setting === float32 ? '–' : pairedText(errors, base);
    return [
      name,
      bits === null ? '32' : perElement(groups, bits).toFixed(2),
      bits === null || !uniform ? '–' : percentOf(bits.stored, uniform.stored),
      bits === null || !uniform ? '–' : percentOf(bits.moved, uniform.moved),
      spreadText(heldOutErrors),
      above(heldOutErrors, float32?.heldOutErrors),
      spreadText(testErrors),
      above(testErrors, float32?.testErrors),
      digestText(digests[0] ?? ''),
    ];
  });
  return {
    head: [
      ...['setting', 'bits', 'stored', 'moved', 'held-out error', 'to float32'],
      ...['test error', 'to float32', 'digest'],
    ],
    rows,
  };
}

/** What the columns mean. */
export const VERIFICATION_NOTE =
  'Bits: mean word length of the elements that a training step stores. Stored, moved: bits that a training step stores, and that its operations read and write, ' +
  'as a share of those of the proposal. Errors: mean over the seeds, and from the smallest to the largest; to float32: mean and standard error of the differences with the same seeds, in points. Decisions were made on held-out examples; the test data were looked at once, for this table. Digest: of the first seed’s weights.';

/** One row for the input and every tensor that a training step rounds, with what its rounding site counted in the verification. */
export function formatCells(advice: Advice): Cells {
  const { ranges, verified, formats, proposal } = advice;
  const sites = verified.at(-1)?.sites;
  const rows = proposal.flatMap((proposed) => {
    const { group } = proposed;
    const format = formatOf(formats, group);
    const rounded = group.tensors.filter((tensor) => ranges.tensors.some(({ name }) => name === tensor));
    return rounded.map((tensor, i): string[] => {
      const counts = sites?.get(tensor);
      const share = (count: number): string => (counts ? shareText(count / counts.elements) : '–');
      const isParameter = group.role === 'weight' || group.role === 'bias';
      return [
        tensor,
        formatText(proposed.format),
        formatText(format),
        String(wordLength(format)),
        share((counts?.saturatedHigh ?? 0) + (counts?.saturatedLow ?? 0)),
        share(counts?.flushed ?? 0),
        isParameter ? share(counts?.swallowed ?? 0) : '–',
        i === 0 ? reason(advice, group) : `with ${rounded[0] ?? ''}`,
      ];
    });
  });
  return {
    head: ['tensor', 'proposed', 'advised', 'bits', 'saturated', 'flushed', 'swallowed', 'why'],
    rows,
  };
}

/** From the proposal to the advice, change by change. */
function reason({ proposal, trials, chosen }: Advice, group: FormatGroup): string {
  const proposed = proposal.find((one) => one.group === group);
  if (!proposed) return '';
  let format = proposed.format;
  const changes: string[] = [];
  for (const trial of trials) {
    if (!trial.kept || trial.number > chosen) continue;
    const next = formatOf(trial.formats, group);
    if (next.fl !== format.fl) changes.push(`FL ${next.fl} by trial ${trial.number}`);
    if (next.il !== format.il) changes.push(`IL ${next.il} by trial ${trial.number}`);
    format = next;
  }
  return [proposalReason(proposed), ...changes].join('; ');
}

/** The trials in order. */
export function trialCells({ trials, groups, chosen }: Advice): Cells {
  const rows = trials.map((trial) => [
    String(trial.number),
    trial.what,
    perElement(groups, trial.bits).toFixed(2),
    (trial.bits.stored / 1e6).toFixed(2),
    trial.errors.map((error) => error.toFixed(2)).join(' '),
    signed(trial.difference),
    trial.allowed.toFixed(2),
    `${outcomeText(trial)}${trial.number === chosen ? ', advised' : ''}`,
  ]);
  return {
    head: ['trial', 'what', 'bits', 'Mbit stored', 'held-out errors', 'to float32', 'allowed', 'outcome'],
    rows,
  };
}

/** `kept`, `put back`, or after how many seeds it was put back. */
export function outcomeText({ kept, complete, errors }: Trial): string {
  if (kept) return 'kept';
  return complete ? 'put back' : `put back after ${countOf(errors.length, 'seed')}`;
}

/**
 * One standard error of a difference between two mean errors, in points: of the images, taken as independent (that they are the
 * same images for both makes it smaller), and of the seeds, by the spread of float32. null for the second with one seed.
 */
function resolution(
  errors: readonly number[],
  images: number,
): { readonly images: number; readonly seeds: number | null } {
  const error = mean(errors);
  const ofImages = Math.sqrt((2 * error * (100 - error)) / images);
  if (errors.length < 2) return { images: ofImages, seeds: null };
  return { images: ofImages, seeds: Math.sqrt((2 * variance(errors)) / errors.length) };
}

/** The smallest difference that the trials can show, against the budget. */
export function resolutionText({ baseline, heldOut, request: { budget } }: ResolutionFacts): string {
  const { images, seeds } = resolution(baseline, heldOut);
  const spread =
    seeds === null
      ? 'with one seed the spread between seeds is unknown (--seeds)'
      : `${seeds.toFixed(2)} points for ${baseline.length} seeds, by the spread of float32 and as if its seeds were not those of the trials`;
  const worst = Math.max(images, seeds ?? 0);
  const fine =
    worst > budget
      ? `That is more than the budget of ${budget}, so single trials may be decided by chance: take more seeds, longer trials, or a learning rate that falls`
      : `The budget is ${budget}`;
  return `One standard error of a difference to float32: ${images.toFixed(2)} points for ${heldOut} held-out images, ${spread}. ${fine}.`;
}

type ResolutionFacts = Pick<Advice, 'baseline' | 'heldOut'> & {
  readonly request: Pick<Advice['request'], 'budget'>;
};

/** The advice in a sentence or two. */
export function adviceSentence(advice: Advice): string {
  const { groups, verified, difference, confirmed, request, proposal } = advice;
  const uniform = new Map(proposal.map(({ group, format }) => [group.name, format]));
  const advised = verified.at(-1);
  if (!advised?.bits) return '';
  const [before, after] = [bitTotals(groups, uniform), advised.bits];
  const saved = `${perElement(groups, after).toFixed(2)} bits per element instead of ${request.bits} (${percentOf(after.stored, before.stored)} of the bits stored, ${percentOf(after.moved, before.moved)} of those moved)`;
  const seeds = countOf(advised.seeds.length, 'other seed');
  const found = `${signed(difference)} points of held-out error to float32 with ${seeds} (${signed(testDifference(advice))} on the test data)`;
  return confirmed
    ? `${saved}, at ${found}: within the budget of ${request.budget}.`
    : `Not confirmed: ${found} at ${saved}, and the budget is ${request.budget}. Take more bits, a larger budget, or longer trials.`;
}

/** Test error less float32's, in points. */
function testDifference({ verified }: Advice): number {
  const errors = ({ testErrors }: VerifiedSetting): number => mean(testErrors);
  return errors(verified.at(-1)!) - errors(verified[0]!);
}

function percentOf(part: number, whole: number): string {
  return percentText((100 * part) / whole, 1);
}

/** `+0.10 ± 0.05`: mean difference with the same seeds, and, of several, its standard error. */
function pairedText(errors: readonly number[], base: readonly number[]): string {
  const differences = errors.map((error, i) => error - (base[i] ?? NaN));
  const difference = signed(mean(differences));
  if (differences.length < 2) return difference;
  const error = Math.sqrt(variance(differences) / differences.length);
  return `${difference} ± ${error.toFixed(2)}`;
}

/** Of the population from which these are drawn. */
function variance(values: readonly number[]): number {
  const centre = mean(values);
  return sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1);
}

function spreadText(errors: readonly number[]): string {
  const text = percentText(mean(errors));
  if (errors.length < 2) return text;
  return `${text} (${Math.min(...errors).toFixed(2)} to ${Math.max(...errors).toFixed(2)})`;
}
