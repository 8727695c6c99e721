/**
 * Shows how far the runs of a sweep are, as a status line with the time that is left. Read from the run folders, so it is the
 * same for every engine.
 */
import { stepsDone } from '../../../experiment/store/index.js';
import type { StatusLine } from '../../console/status.js';
import { durationText, type Terminal } from '../../console/terminal.js';
import type { SweepTask } from './engine.js';
import type { SweepWork } from './work.js';

const LOOK_EVERY_MS = 1000;
/** Seconds between plain lines. */
const LINE_EVERY = 10;

export class SweepProgress {
  readonly #status: StatusLine;
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
  #timer: NodeJS.Timeout | null = null;

  constructor(terminal: Terminal, work: SweepWork) {
    this.#status = terminal.status('stdout', { every: LINE_EVERY });
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
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS);
    this.#status.begin('', Math.max(this.#total, 1), this.#done);
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
    this.#status.end();
  }

  #look(): void {
    this.#status.show(() => {
      this.#done = this.#sum((task) => this.#stepsOf(task));
      return [this.#text(), this.#done];
    });
  }

  #stepsOf(task: SweepTask): number {
    const steps = this.#work.steps(task);
    return this.#ended.has(task.run.name) ? steps : Math.min(stepsDone(task.path), steps);
  }

  #sum(steps: (task: SweepTask) => number): number {
    return this.#tasks.reduce((sum, task) => sum + this.#work.work(task, steps(task)), 0);
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
