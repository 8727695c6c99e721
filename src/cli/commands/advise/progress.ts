/** How far advice is: a status line with the time that is left at most, and a line for each trial. */
import {
  outcomeText,
  perElement,
  signed,
  type FormatGroup,
  type RunEvent,
  type Trial,
  type VerifiedSetting,
} from '../../../experiment/index.js';
import { type ComparisonEntry } from '../../../experiment/store/index.js';
import type { StatusLine } from '../../console/status.js';
import { durationText, grouped, type Terminal } from '../../console/terminal.js';

/** How much there is to do at most. */
export interface AdviceWork {
  readonly trialSteps: number;
  readonly fullSteps: number;
  readonly trials: number;
  readonly seeds: number;
  readonly verifySeeds: number;
}

/** Settings of a verification where the first one that is tried holds. */
const SETTINGS = 3;
/** What its runs are called, and what is shown while they go. */
const VERIFICATION = 'verification';

export class AdviceProgress {
  readonly #terminal: Terminal;
  readonly #status: StatusLine;
  readonly #work: AdviceWork;
  #what = 'float32';
  /** Steps that were really done, and since when. */
  #done = 0;
  #begun: number | null = null;
  /** Of the current run. */
  #step = 0;
  #steps = 0;
  /** Steps of everything after the current trial or setting. */
  #behind: number;
  #runsLeft: number;

  constructor(terminal: Terminal, work: AdviceWork) {
    this.#terminal = terminal;
    this.#status = terminal.status('stderr');
    this.#work = work;
    this.#behind = this.#trialSteps(work.trials) + this.#verificationSteps(SETTINGS);
    this.#runsLeft = work.seeds;
  }

  readonly event = ({ name }: ComparisonEntry, event: RunEvent): void => {
    if (event.event === 'start') {
      if (name.startsWith(VERIFICATION) && this.#what !== VERIFICATION) {
        this.#next(VERIFICATION, this.#verificationSteps(SETTINGS - 1));
      }
      this.#begun ??= performance.now();
      [this.#step, this.#steps] = [event.step, event.steps];
      this.#runsLeft -= 1;
    }
    if (event.event === 'warning') this.#terminal.warn(event.message);
    if (event.event !== 'step') return;
    this.#done += 1;
    this.#step = event.step;
    this.#show();
  };

  /** The analysis of magnitudes; also lets signals and timers have their turn. */
  readonly ranges = async (part: number): Promise<void> => {
    this.#begun ??= performance.now();
    this.#what = 'float32, magnitudes';
    this.#steps = this.#work.trialSteps;
    this.#step = Math.round(part * this.#steps);
    this.#done += 1;
    this.#show();
    await new Promise((resolve) => setImmediate(resolve));
  };

  baseline(errors: readonly number[]): void {
    this.#terminal.say(`float32: held-out error ${errors.map((error) => error.toFixed(2)).join(' ')} %`);
    this.#next('trial 0', this.#trialSteps(this.#work.trials - 1) + this.#verificationSteps(SETTINGS));
  }

  trial(trial: Trial, groups: readonly FormatGroup[]): void {
    const { number, what, bits, errors, difference, allowed, kept } = trial;
    const meanBits = perElement(groups, bits);
    this.#terminal.json({
      ...{ event: 'trial', trial: number, what, bits: meanBits, ...bits, errors, difference, allowed },
      kept,
    });
    const { bold, dim } = this.#terminal.colour;
    const outcome = outcomeText(trial);
    this.#terminal.say(
      [
        bold(`trial ${number}`),
        what,
        `${meanBits.toFixed(2)} bits`,
        `error ${errors.map((error) => error.toFixed(2)).join(' ')} %`,
        `${signed(difference)} (allowed ${allowed.toFixed(2)})`,
        kept ? bold(outcome) : dim(outcome),
      ].join('  '),
    );
    const left = Math.max(0, this.#work.trials - number - 2);
    this.#next(`trial ${number + 1}`, this.#trialSteps(left) + this.#verificationSteps(SETTINGS));
  }

  /** `count` settings are verified by now. */
  verified({ name, heldOutErrors, testErrors }: VerifiedSetting, count: number): void {
    const text = (errors: readonly number[]): string => errors.map((error) => error.toFixed(2)).join(' ');
    this.#terminal.json({ event: 'verified', setting: name, heldOutErrors, testErrors });
    this.#terminal.say(
      `verified ${name}: held-out error ${text(heldOutErrors)} %, test error ${text(testErrors)} %`,
    );
    this.#next(VERIFICATION, this.#verificationSteps(Math.max(0, SETTINGS - count - 1)));
  }

  end(): void {
    this.#status.end();
  }

  #next(what: string, behind: number): void {
    const { seeds, verifySeeds } = this.#work;
    this.#what = what;
    this.#behind = behind;
    this.#runsLeft = what === VERIFICATION ? verifySeeds : seeds;
    [this.#step, this.#steps] = [0, 0];
  }

  #trialSteps(trials: number): number {
    return trials * this.#work.seeds * this.#work.trialSteps;
  }

  #verificationSteps(settings: number): number {
    return settings * this.#work.verifySeeds * this.#work.fullSteps;
  }

  #show(): void {
    this.#status.show(() => {
      const now = performance.now();
      const left = this.#steps - this.#step + Math.max(0, this.#runsLeft) * this.#steps + this.#behind;
      const seconds = ((now - (this.#begun ?? now)) / 1000 / Math.max(this.#done, 1)) * left;
      const step = `${grouped(this.#step)}/${grouped(this.#steps)}`;
      return [`${this.#what}: step ${step}  ETA at most ${durationText(seconds)}`];
    });
  }
}
