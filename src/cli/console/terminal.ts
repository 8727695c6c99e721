/**
 * The command line's only way out: text for people, the result alone, or JSON for scripts; notes, errors and the status line.
 * Commands hand over what each of them is for, and this file alone knows which of it is shown, and where; it also cleans
 * every text (clean.ts). Colour is for a terminal, unless NO_COLOR is set.
 */
import pc from 'picocolors';
import { terminalText } from './clean.js';
import { EXIT, OutputError } from './errors.js';
import { Sink } from './sink.js';
import { StatusLine, type StatusOptions } from './status.js';

/** How much is printed: everything, the result alone, or JSON lines and nothing else. */
type Voice = 'people' | 'quiet' | 'json';

function inColour({ isTTY }: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, TERM } = process.env;
  // A pipe has no isTTY at all, which createColors would take for "decide yourself", and CI=true for yes.
  return isTTY === true && (NO_COLOR === undefined || NO_COLOR === '') && TERM !== 'dumb';
}

export class Terminal {
  /** For text on stdout. */
  readonly colour = pc.createColors(inColour(process.stdout));
  /** For text on stderr. */
  readonly errorColour = pc.createColors(inColour(process.stderr));
  #voice: Voice = 'people';
  #status: StatusLine | null = null;
  readonly #remarks = new Set<string>();
  readonly #warned = new Set<string>();

  readonly #stdout = new Sink(process.stdout, (error) => {
    this.#lost = new OutputError(error);
    this.#onLost?.(this.#lost);
  });
  /** A note that cannot be written stops no work; `end` counts it. */
  readonly #stderr = new Sink(process.stderr, () => {
    this.#hasLostNotes = true;
  });
  #lost: OutputError | null = null;
  #onLost: ((error: OutputError) => void) | null = null;
  #hasLostNotes = false;
  #isLossReported = false;

  /**
   * For work that is to end in order if stdout fails: `onLost` is called once, what is printed afterwards is dropped. Without
   * it, or with null, the next text for stdout throws the OutputError.
   */
  whenLost(onLost: ((error: OutputError) => void) | null): void {
    this.#onLost = onLost;
    if (this.#lost !== null) onLost?.(this.#lost);
  }

  /** The exit code at the end of the process: that of the work, unless something was not written. */
  end(code: number): number {
    if (this.#lost === null) return code === 0 && this.#hasLostNotes ? EXIT.known : code;
    if (!this.#isLossReported && !this.#lost.isQuiet) this.error(this.#lost.message);
    return code === 0 ? this.#lost.exitCode : code;
  }

  /** A line on stderr: the work was stopped, and this is how to continue. If stdout failed, it says so too. */
  stopped(text: string): void {
    if (this.#lost === null || this.#lost.isQuiet) {
      this.note(text);
      return;
    }
    this.#isLossReported = true;
    this.error(`${this.#lost.message}; ${text}`);
  }

  /** Chooses the voice for all that follows: that of `--json` or `--quiet`, if a command has these options. */
  speakFor({ json, quiet }: { readonly json?: unknown; readonly quiet?: unknown }): void {
    this.#voice = json === true ? 'json' : quiet === true ? 'quiet' : 'people';
  }

  /** A result on stdout, a line or several; JSON has none of it. */
  print(text: string): void {
    if (this.#voice !== 'json') this.#out(text);
  }

  /** What goes with a result, on stdout and for people only. */
  say(text: string): void {
    if (this.#voice === 'people') this.#out(text);
  }

  /** What people asked for beside the result: on stdout, or on stderr if stdout is for the result alone. */
  aside(text: string): void {
    if (this.#voice === 'people') this.print(text);
    else if (this.#voice === 'quiet') this.note(text);
  }

  /** A JSON object on a separate line on stdout, or on several with an indent; in JSON only. */
  json(value: unknown, indent?: number): void {
    if (this.#voice === 'json') this.#out(JSON.stringify(value, null, indent));
  }

  /** A line for people on stderr, whatever the voice. */
  note(text: string): void {
    this.#write(this.#stderr, terminalText(text, this.errorColour.isColorSupported));
  }

  /** What people should know and did not ask for: a line on stderr, once for each text. */
  remark(text: string): void {
    if (this.#remarks.has(text)) return;
    this.#remarks.add(text);
    this.note(`${this.errorColour.yellow('note:')} ${text}`);
  }

  /** Something that runs and is hardly meant, on stderr, whatever the voice; the same text once. */
  warn(text: string): void {
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.note(`${this.errorColour.yellow('warning:')} ${text}`);
  }

  error(text: string): void {
    this.note(`${this.errorColour.red('error:')} ${text}`);
  }

  /** A line that shows progress; if it cannot be drawn, its plain lines go to `stream`. */
  status(stream: 'stdout' | 'stderr', options?: StatusOptions): StatusLine {
    // What was drawn is part of no result: a text that stays is a note.
    const isDrawn = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
    return new StatusLine(
      {
        mode: this.#voice !== 'people' ? 'silent' : isDrawn ? 'drawn' : 'plain',
        line: (text) => {
          if (stream === 'stdout' && !isDrawn) this.print(`  ${text}`);
          else this.note(text);
        },
        attach: (status) => {
          this.#status = status;
        },
      },
      options,
    );
  }

  /** Takes down the status line for good: the process is about to end. */
  restore(): void {
    this.#status?.hide();
    this.#status = null;
  }

  #out(text: string): void {
    this.#write(this.#stdout, terminalText(text, this.colour.isColorSupported));
    if (this.#lost !== null && this.#onLost === null) throw this.#lost;
  }

  #write(sink: Sink, text: string): void {
    this.#status?.hide();
    sink.write(text + '\n');
    this.#status?.draw();
  }
}

/** `1,234,567`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `7 s`, `2 min 05 s`, `1 h 03 min`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const padded = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${padded(Math.floor(whole / 60) % 60)} min`;
}

/** `5.2 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/**
 * `weight bias <4,12>, activation <6,10>`: roles of equal text are named together, and none if all are equal.
 */
export function byRoleText(texts: Readonly<Record<string, string>>): string {
  const groups = new Map<string, string[]>();
  for (const [role, text] of Object.entries(texts)) groups.set(text, [...(groups.get(text) ?? []), role]);
  if (groups.size === 1) return [...groups.keys()].join('');
  return [...groups].map(([text, roles]) => `${roles.join(' ')} ${text}`).join(', ');
}

const NOT_A_NUMBER = 'not a number';

/** `88.65 %`. */
export function percentText(percent: number): string {
  return `${percent.toFixed(2)} %`;
}

/** An error in percent, or the text for one that is not a number, because the outputs of the network are none. */
export function errorText(percent: number | null): string {
  return percent === null ? NOT_A_NUMBER : percentText(percent);
}

/** A loss, or the text for one that is not a number any more. */
export function lossText(loss: number | null): string {
  return loss === null ? NOT_A_NUMBER : loss.toFixed(4);
}
