/**
 * Shows how a sweep goes on: a line for every run that ends, and how far the runs at hand are, with the time left: on a terminal
 * as a bar, elsewhere as a plain line now and then. Read from the run folders, so it is the same whoever runs them.
 */
import { SingleBar } from 'cli-progress';
import { stepsDone } from '../../../experiment/store/index.js';
import { durationText, type Terminal } from '../../console/terminal.js';
import type { SweepTask } from './engine.js';
import type { SweepWork } from './work.js';

const BAR_EVERY_MS = 1000;
const LINE_EVERY_MS = 10_000;

export class SweepProgress {
  readonly #terminal: Terminal;
  readonly #work: SweepWork;
  #title = '';
  #tasks: readonly SweepTask[] = [];
  readonly #ended = new Set<string>();
  #before = 0;
  #done = 0;
  #total = 0;
  #begun = 0;
  #running = 0;
  #waiting: string | null = null;
  #bar: SingleBar | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(terminal: Terminal, work: SweepWork) {
    this.#terminal = terminal;
    this.#work = work;
  }

  /** Begins to show these tasks. */
  start(title: string, tasks: readonly SweepTask[]): void {
    this.stop();
    this.#title = title;
    this.#tasks = tasks;
    this.#ended.clear();
    this.#total = this.#sum((task) => this.#work.steps(task));
    this.#before = this.#done = this.#sum((task) => this.#stepsOf(task));
    this.#begun = performance.now();
    const { isInteractive } = this.#terminal;
    this.#timer = setInterval(
      () => {
        this.#look();
      },
      isInteractive ? BAR_EVERY_MS : LINE_EVERY_MS,
    );
    if (!isInteractive) return;
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

  /** The task is done or given up. */
  ended({ run }: SweepTask): void {
    this.#ended.add(run.name);
  }

  state(running: number, waiting: string | null): void {
    this.#running = running;
    this.#waiting = waiting;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#terminal.around(null, null);
    this.#bar?.stop();
    this.#bar = null;
  }

  #look(): void {
    this.#done = this.#sum((task) => this.#stepsOf(task));
    if (this.#bar) this.#bar.update(this.#done, { text: this.#text() });
    else this.#terminal.print(`  ${this.#text()}`);
  }

  #stepsOf(task: SweepTask): number {
    const steps = this.#work.steps(task);
    return this.#ended.has(task.run.name) ? steps : Math.min(stepsDone(task.path), steps);
  }

  #sum(steps: (task: SweepTask) => number): number {
    return this.#tasks.reduce((sum, task) => sum + this.#work.work(task, steps(task)), 0);
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
    this.#bar.start(Math.max(this.#total, 1), this.#done, { text: this.#text() });
  }

  #text(): string {
    const seconds = (performance.now() - this.#begun) / 1000;
    const rate = (this.#done - this.#before) / Math.max(seconds, 0.001);
    const share = this.#total === 0 ? 1 : this.#done / this.#total;
    return [
      this.#title,
      `${this.#ended.size}/${this.#tasks.length} ended`,
      `${this.#running} running`,
      ...(this.#waiting === null ? [] : [this.#waiting]),
      `${Math.floor(100 * share)} %`,
      rate > 0 ? `ETA ${durationText((this.#total - this.#done) / rate)}` : 'ETA -',
    ].join('  ');
  }
}
