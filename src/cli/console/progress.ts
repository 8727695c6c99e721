/**
 * Shows a run as it happens: its steps as a status line with the time that is left, and a line for each epoch and each change
 * of precision. In JSON these are objects.
 */
import {
  testErrorOf,
  trainErrorOf,
  type EpochLine,
  type PrecisionLine,
  type RunConfiguration,
  type RunEvent,
  type SiteCounts,
} from '../../experiment/index.js';
import { byRoleText, durationText, errorText, grouped, lossText, type Terminal } from './terminal.js';
import type { StatusLine } from './status.js';

export interface ProgressOptions {
  readonly configuration: RunConfiguration;
  /** Added to every JSON line, for example the setting's name. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Follows the run's own progress: how far everything is, of which the run is a part. */
  readonly overall?: () => string;
}

/** Give its `event` the events of a run; `end` in any case. */
export class RunProgress {
  readonly #terminal: Terminal;
  readonly #options: ProgressOptions;
  readonly #status: StatusLine;
  #firstStep = 0;
  #steps = 0;
  #begun = 0;

  constructor(terminal: Terminal, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#status = terminal.status('stdout');
  }

  readonly event = (event: RunEvent): void => {
    switch (event.event) {
      case 'start':
        this.#start(event.step, event.steps);
        break;
      case 'step':
        this.#status.show(() => [this.#line(event.step, event.loss, performance.now()), event.step]);
        break;
      case 'epoch':
        this.#terminal.json({ ...event, diverged: event.testLoss === null, ...this.#options.fields });
        this.#terminal.say(epochText(this.#terminal, event, this.#options.configuration));
        break;
      case 'precision':
        this.#terminal.json({ ...event, ...this.#options.fields });
        this.#terminal.say(precisionText(this.#terminal, event));
        break;
      case 'warning':
        this.#terminal.json({ ...event, ...this.#options.fields });
        this.#terminal.warn(event.message);
        break;
      case 'interval':
      case 'checkpoint':
        break;
    }
  };

  end(): void {
    this.#status.end();
  }

  #start(step: number, steps: number): void {
    this.#firstStep = step;
    this.#steps = steps;
    this.#begun = performance.now();
    if (step < steps) this.#status.begin('', steps, step);
  }

  #line(step: number, loss: number, now: number): string {
    const perSecond = (1000 * (step - this.#firstStep)) / Math.max(now - this.#begun, 1);
    const left = (this.#steps - step) / perSecond;
    const rate = perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(2);
    const { overall } = this.#options;
    const all = overall === undefined ? '' : `  (${overall()})`;
    return `step ${grouped(step)}/${grouped(this.#steps)}  loss ${lossText(Number.isFinite(loss) ? loss : null)}  ${rate} steps/s  ETA ${durationText(left)}${all}`;
  }
}

function precisionText({ colour }: Terminal, line: PrecisionLine): string {
  const counts = Object.values(line.sites);
  const sum = (of: (one: SiteCounts) => number): string =>
    grouped(counts.reduce((total, one) => total + of(one), 0));
  const lost = `${sum((one) => one.saturatedHigh + one.saturatedLow)} saturated and ${sum((one) => one.flushed)} flushed to zero`;
  return [
    colour.bold(`precision ${line.stage}`),
    `step ${grouped(line.step)}`,
    ...(line.reason === 'stalled' ? ['training error stalled'] : []),
    `${byRoleText(line.formats)}; ${byRoleText(line.rounding)}`,
    colour.dim(`${lost} of ${sum((one) => one.elements)} converted`),
  ].join('  ');
}

function epochText(terminal: Terminal, line: EpochLine, { epochs }: RunConfiguration): string {
  const { colour } = terminal;
  const count = epochs === undefined ? String(line.epoch) : `${line.epoch}/${epochs}`;
  const name = line.partial ? `epoch ${count} (first part)` : `epoch ${count}`;
  return [
    colour.bold(name),
    `step ${grouped(line.step)}`,
    `loss ${lossText(line.loss)}`,
    `training error ${errorText(trainErrorOf(line))}`,
    `test error ${colour.bold(errorText(testErrorOf(line)))}`,
    colour.dim(`${line.stepsPerSecond.toFixed(line.stepsPerSecond >= 10 ? 0 : 2)} steps/s`),
  ].join('  ');
}
