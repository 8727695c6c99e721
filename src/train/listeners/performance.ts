/**
 * How fast training goes and how long it will take. The caller provides the clock. Time between the end of an
 * epoch and the start of the next, such as an evaluation, does not count.
 */
import {
  checkOptions,
  FUNCTION,
  checkArgument,
  either,
  NULL,
  NUMBER,
  record,
} from '../../numerics/arguments.js';
import type { FitStart, Iteration, TrainingListener, TrainingModel } from '../listener.js';
import { printLine } from '../console.js';
import { STEP_PERIOD_RULES, stepPeriod, type StepPeriodOptions } from '../period.js';

/** The speed of the steps since the last report. */
export interface Performance {
  /** 0-based number of the last step. */
  readonly step: number;
  readonly examplesPerSecond: number;
  readonly stepsPerSecond: number;
  /** Time that the rest of this `fit` takes at this rate; null if the iterator does not know its length. */
  readonly etaSeconds: number | null;
}

/** Clock and output of a `PerformanceListener`; it reports every `everySteps` steps, 10 by default. */
export interface PerformanceOptions extends StepPeriodOptions {
  /** Milliseconds on any clock that never goes back. */
  readonly now: () => number;
  /** Receives the line alone; by default `console.log`. */
  readonly print?: (line: string) => void;
  /** Receives the figures. */
  readonly report?: (performance: Performance) => void;
}

/** Measures the steps since its last report. If the clock has not moved, it reports later. */
export class PerformanceListener implements TrainingListener {
  readonly #options: PerformanceOptions;
  readonly #every: number;
  #planned: number | null = null;
  #done = 0;
  #mark: number | null = null;
  #elapsedMs = 0;
  #steps = 0;
  #examples = 0;

  constructor(options: PerformanceOptions) {
    checkOptions(
      'performance listener',
      options,
      { now: FUNCTION, print: FUNCTION, report: FUNCTION, ...STEP_PERIOD_RULES },
      ['now'],
    );
    this.#options = options;
    this.#every = stepPeriod('performance listener', options, 10);
  }

  /** Stores the number of planned steps. */
  onFitStart(_model: TrainingModel, start: FitStart): void {
    this.#planned = start.plannedSteps;
    this.#done = 0;
    this.#startOver();
  }

  onEpochStart(): void {
    this.#mark = this.#options.now();
  }

  iterationDone(_model: TrainingModel, { step, count }: Iteration): void {
    const now = this.#options.now();
    // A step whose beginning was not seen, of a data set, is a mark alone.
    const mark = this.#mark;
    this.#mark = now;
    if (mark === null) return;
    this.#elapsedMs += now - mark;
    this.#done++;
    this.#steps++;
    this.#examples += count;
    if (this.#steps < this.#every || this.#elapsedMs <= 0) return;
    const stepsPerSecond = (1000 * this.#steps) / this.#elapsedMs;
    const performance: Performance = {
      step,
      stepsPerSecond,
      examplesPerSecond: (1000 * this.#examples) / this.#elapsedMs,
      etaSeconds: this.#planned === null ? null : Math.max(0, this.#planned - this.#done) / stepsPerSecond,
    };
    this.#startOver();
    const { print = printLine, report } = this.#options;
    print(performanceLine(performance));
    report?.(performance);
  }

  #startOver(): void {
    this.#elapsedMs = 0;
    this.#steps = 0;
    this.#examples = 0;
  }
}

const PERFORMANCE = record('{ step, examplesPerSecond, stepsPerSecond, etaSeconds }', {
  step: NUMBER,
  examplesPerSecond: NUMBER,
  stepsPerSecond: NUMBER,
  etaSeconds: either(NUMBER, NULL),
});

/** `step 119: 5230 examples/s, 52.3 steps/s, ETA 0:01:42`. */
export function performanceLine(performance: Performance): string {
  checkArgument('performance', performance, PERFORMANCE);
  const { step, examplesPerSecond, stepsPerSecond, etaSeconds } = performance;
  const eta = etaSeconds === null ? '' : `, ETA ${duration(etaSeconds)}`;
  return `step ${step}: ${examplesPerSecond.toFixed(0)} examples/s, ${stepsPerSecond.toFixed(1)} steps/s${eta}`;
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
