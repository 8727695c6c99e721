/**
 * Shows a run as it happens. On a terminal a bar with the time left; elsewhere a plain line every few seconds; a line for
 * each epoch and each change of precision in any case. As JSON: a line for these and nothing else.
 */
import { SingleBar } from 'cli-progress';
import type {
  EpochLine,
  PrecisionLine,
  RunConfiguration,
  RunEvent,
  SiteCounts,
} from '../../experiment/index.js';
import {
  byRoleText,
  durationText,
  grouped,
  lossText,
  percentText,
  type Terminal,
  type Voice,
} from './terminal.js';

/** Seconds between lines where no bar can be drawn. */
const LINE_EVERY = 5;

export interface ProgressOptions {
  readonly voice: Voice;
  readonly configuration: RunConfiguration;
  /** Laid into every JSON line, for example the setting's name. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Said behind the run's own progress: how far everything is, of which the run is a part. */
  readonly overall?: () => string;
}

/** Give its `event` the events of a run; `end` in any case. */
export class RunProgress {
  readonly #terminal: Terminal;
  readonly #options: ProgressOptions;
  #bar: SingleBar | null = null;
  #firstStep = 0;
  #steps = 0;
  #begun = 0;
  #lastLine = 0;
  #text = '';
  #step = 0;

  constructor(terminal: Terminal, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#options = options;
  }

  readonly event = (event: RunEvent): void => {
    const { voice, fields } = this.#options;
    if (voice === 'json' && (event.event === 'epoch' || event.event === 'precision')) {
      this.#terminal.json({ ...event, ...fields });
    }
    if (voice !== 'people') return;
    switch (event.event) {
      case 'start':
        this.#start(event.step, event.steps);
        break;
      case 'step':
        this.#show(event.step, event.loss);
        break;
      case 'epoch':
        this.#terminal.print(epochText(this.#terminal, event, this.#options.configuration));
        break;
      case 'precision':
        this.#terminal.print(precisionText(this.#terminal, event));
        break;
      case 'interval':
      case 'checkpoint':
        break;
    }
  };

  end(): void {
    this.#terminal.around(null, null);
    this.#bar?.stop();
    this.#bar = null;
  }

  #start(step: number, steps: number): void {
    this.#firstStep = this.#step = step;
    this.#steps = steps;
    this.#begun = this.#lastLine = performance.now();
    if (!this.#terminal.isInteractive || step >= steps) return;
    this.#terminal.around(
      () => {
        this.#bar?.stop();
      },
      () => {
        this.#draw();
      },
    );
    this.#draw();
  }

  #draw(): void {
    this.#bar = new SingleBar({
      format: '{bar} {text}',
      barsize: 24,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
      fps: 5,
      gracefulExit: false,
    });
    this.#bar.start(this.#steps, this.#step, { text: this.#text });
  }

  #show(step: number, loss: number): void {
    this.#step = step;
    const now = performance.now();
    if (this.#bar) {
      this.#text = this.#line(step, loss, now);
      this.#bar.update(step, { text: this.#text });
    } else if ((now - this.#lastLine) / 1000 >= LINE_EVERY) {
      this.#lastLine = now;
      this.#terminal.print(`  ${this.#line(step, loss, now)}`);
    }
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
    `training error ${percentText(line.trainErrorPercent)}`,
    `test error ${colour.bold(percentText(line.testErrorPercent))}`,
    colour.dim(`${line.stepsPerSecond.toFixed(line.stepsPerSecond >= 10 ? 0 : 2)} steps/s`),
  ].join('  ');
}
