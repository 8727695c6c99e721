/** Lost gradients as texts and tables, the same on a console and on pages. run/lost.ts counts them. */
import { shareText, type Cells } from '../draw/text.js';
import { lostShare, type LostGradients, type LostShare } from '../run/lost.js';

/** What the figures count. */
export const LOST_NOTE =
  'A gradient is lost if rounding leaves it without effect: it is flushed (not zero before rounding, zero after it) or swallowed (not zero, but its update leaves the parameter unchanged). Shares of the gradients that are non-zero before rounding.';

/** For float32, and for runs that did not count. */
export const NOT_COUNTED = '–';

/** The share that was lost. */
export function lostText(share: LostShare | null): string {
  return share === null ? NOT_COUNTED : shareText(share.lost);
}

/** `97.10 % flushed, 1.90 % swallowed`. */
export function lostParts({ flushed, swallowed }: LostShare): string {
  return `${shareText(flushed)} flushed, ${shareText(swallowed)} swallowed`;
}

/** `97.10 + 1.90`: the two parts below a note that names them. */
export function lostSum({ flushed, swallowed }: LostShare): string {
  return [flushed, swallowed].map((share) => shareText(share).replace(' %', '')).join(' + ');
}

/** A name, of a run or a setting, and its lost gradients. */
export interface NamedLost {
  readonly name: string;
  readonly lost: readonly LostGradients[];
}

/** A row for each parameter, a column for each run that rounds: `99.00 % (97.10 + 1.90)`; null if there is none. */
export function lostCells(runs: readonly NamedLost[]): Cells | null {
  const counted = runs.filter(({ lost }) => lost.length > 0);
  const parameters = [...new Set(counted.flatMap(({ lost }) => lost.map(({ parameter }) => parameter)))];
  if (parameters.length === 0) return null;
  const cell = (lost: readonly LostGradients[]): string => {
    const share = lostShare(lost);
    return share === null
      ? lost.length === 0
        ? NOT_COUNTED
        : 'no gradient'
      : `${lostText(share)} (${lostSum(share)})`;
  };
  const rows = parameters.map((parameter) => [
    parameter,
    ...counted.map(({ lost }) => cell(lost.filter((one) => one.parameter === parameter))),
  ]);
  const all = ['all', ...counted.map(({ lost }) => cell(lost))];
  return { head: ['parameter', ...counted.map(({ name }) => name)], rows: [...rows, all] };
}
