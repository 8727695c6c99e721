/**
 * The command line's way out: text for people, JSON for machines, notes and errors, in colour where there is somebody to
 * see it (a terminal, and NO_COLOR not set).
 */
import pc from 'picocolors';

/** How much a command says: everything, the result alone, or JSON lines and nothing else. */
export type Voice = 'people' | 'quiet' | 'json';

type Stream = NodeJS.WriteStream;

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
  /** True where a line may be drawn over again, as a progress bar does. */
  readonly isInteractive = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  #beforeWrite: (() => void) | null = null;
  #afterWrite: (() => void) | null = null;

  constructor() {
    // Whoever reads us may stop doing so (`fewbit ... | head`): then there is nothing left to say.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }

  /** A line, or several, on stdout. */
  print(text: string): void {
    this.#write(process.stdout, text);
  }

  /** One JSON object on a line of its own on stdout. */
  json(value: unknown): void {
    this.#write(process.stdout, JSON.stringify(value));
  }

  /** A line for people on stderr. */
  note(text: string): void {
    this.#write(process.stderr, text);
  }

  error(text: string): void {
    this.note(`${this.errorColour.red('error:')} ${text}`);
  }

  /** Calls `before` ahead of every line and `after` behind it, so that a progress bar gets out of the way. */
  around(before: (() => void) | null, after: (() => void) | null): void {
    this.#beforeWrite = before;
    this.#afterWrite = after;
  }

  /** Takes down whatever is drawn over the last line, for good: the process is about to end. */
  restore(): void {
    this.#beforeWrite?.();
    this.around(null, null);
  }

  #write(stream: Stream, text: string): void {
    this.#beforeWrite?.();
    stream.write(text + '\n');
    this.#afterWrite?.();
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

/** `weight bias <4,12>, activation <6,10>`: roles of equal text are named together, and none where all are equal. */
export function byRoleText(texts: Readonly<Record<string, string>>): string {
  const groups = new Map<string, string[]>();
  for (const [role, text] of Object.entries(texts)) groups.set(text, [...(groups.get(text) ?? []), role]);
  if (groups.size === 1) return [...groups.keys()].join('');
  return [...groups].map(([text, roles]) => `${roles.join(' ')} ${text}`).join(', ');
}

/** `88.65 %`. */
export function percentText(percent: number): string {
  return `${percent.toFixed(2)} %`;
}

/** A loss, or that it is no number any more. */
export function lossText(loss: number | null): string {
  return loss === null ? 'not a number' : loss.toFixed(4);
}
