/** How far advice is: one line with the time left at most on a terminal, plain lines elsewhere; a line for each trial in any case. */
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
import { durationText, grouped, type Terminal, type Voice } from '../../console/terminal.js';

/** Seconds between lines where no line can be drawn over. */
const LINE_EVERY = 5;

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
  readonly #voice: Voice;
  readonly #work: AdviceWork;
  #what = 'float32';
  /** Steps that were really done, and since when. */
  #done = 0;
  #begun: number | null = null;
  #lastLine = performance.now();
  /** Of the run at hand. */
  #step = 0;
  #steps = 0;
  /** Steps of everything behind the trial or setting at hand. */
  #behind: number;
  #runsLeft: number;
  #open = false;

  constructor(terminal: Terminal, voice: Voice, work: AdviceWork) {
    this.#terminal = terminal;
    this.#voice = voice;
    this.#work = work;
    this.#behind = this.#trialSteps(work.trials) + this.#verificationSteps(SETTINGS);
    this.#runsLeft = work.seeds;
    terminal.around(
      () => {
        this.#clear();
      },
      () => undefined,
    );
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
    this.#say(`float32: held-out error ${errors.map((error) => error.toFixed(2)).join(' ')} %`);
    this.#next('trial 0', this.#trialSteps(this.#work.trials - 1) + this.#verificationSteps(SETTINGS));
  }

  trial(trial: Trial, groups: readonly FormatGroup[]): void {
    const { number, what, bits, errors, difference, allowed, kept } = trial;
    if (this.#voice === 'json') {
      const meanBits = perElement(groups, bits);
      this.#terminal.json({
        ...{ event: 'trial', trial: number, what, bits: meanBits, ...bits, errors, difference, allowed },
        kept,
      });
    }
    const { bold, dim } = this.#terminal.colour;
    const outcome = outcomeText(trial);
    this.#say(
      [
        bold(`trial ${number}`),
        what,
        `${perElement(groups, bits).toFixed(2)} bits`,
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
    if (this.#voice === 'json')
      this.#terminal.json({ event: 'verified', setting: name, heldOutErrors, testErrors });
    this.#say(`verified ${name}: held-out error ${text(heldOutErrors)} %, test error ${text(testErrors)} %`);
    this.#next(VERIFICATION, this.#verificationSteps(Math.max(0, SETTINGS - count - 1)));
  }

  end(): void {
    this.#clear();
    this.#terminal.around(null, null);
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

  #say(text: string): void {
    if (this.#voice === 'people') this.#terminal.print(text);
  }

  #show(): void {
    if (this.#voice !== 'people') return;
    const now = performance.now();
    if (!this.#terminal.isInteractive && (now - this.#lastLine) / 1000 < LINE_EVERY) return;
    const left = this.#steps - this.#step + Math.max(0, this.#runsLeft) * this.#steps + this.#behind;
    const seconds = ((now - (this.#begun ?? now)) / 1000 / Math.max(this.#done, 1)) * left;
    const text = `${this.#what}: step ${grouped(this.#step)}/${grouped(this.#steps)}  ETA at most ${durationText(seconds)}`;
    if (this.#terminal.isInteractive) {
      process.stderr.write(`\r\u001b[K${text}`);
      this.#open = true;
    } else {
      this.#lastLine = now;
      this.#terminal.note(text);
    }
  }

  #clear(): void {
    if (this.#open) process.stderr.write('\r\u001b[K');
    this.#open = false;
  }
}
