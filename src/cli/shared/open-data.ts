/** Loads a run's data, telling people what is being fetched. */
import { loadData, type DataProgress, type LoadedData } from '../../data/node/index.js';
import { durationText, sizeText, type Terminal, type Voice } from '../console/terminal.js';

export interface DataRequest {
  readonly spec: string;
  /** Seed of the synthetic set, and of the split of data without a test part. */
  readonly seed: number | string;
  readonly voice: Voice;
  readonly signal: AbortSignal;
}

/** @throws DataError; the signal's reason */
export async function openData(terminal: Terminal, request: DataRequest): Promise<LoadedData> {
  const { spec, seed, voice, signal } = request;
  const progress = fetchProgress(terminal);
  try {
    return await loadData(spec, {
      seed,
      signal,
      ...(voice === 'people' ? { onProgress: progress.show } : {}),
    });
  } finally {
    progress.end();
  }
}

/** Seconds between lines where no line can be drawn over. */
const LINE_EVERY = 5;

/** Shows how a fetch goes on stderr: on a terminal in one line, elsewhere a line for each thing begun and every few seconds. */
export function fetchProgress(terminal: Terminal): {
  show: (progress: DataProgress) => void;
  end: () => void;
} {
  let last = '';
  let open = false;
  let begun = { time: 0, bytes: 0 };
  let lastLine = 0;
  const end = (): void => {
    if (open) process.stderr.write('\n');
    open = false;
  };
  return {
    show({ message, receivedBytes, totalBytes }) {
      const now = performance.now();
      const isNew = message !== last;
      last = message;
      if (isNew) begun = { time: now, bytes: receivedBytes ?? 0 };
      const received =
        receivedBytes === undefined
          ? ''
          : ` (${receivedText({ receivedBytes, totalBytes }, receivedBytes - begun.bytes, now - begun.time)})`;
      if (!terminal.isInteractive) {
        if (!isNew && (now - lastLine) / 1000 < LINE_EVERY) return;
        lastLine = now;
        terminal.note(isNew ? message : `${message}${received}`);
        return;
      }
      if (isNew) end();
      process.stderr.write(`\r\u001b[K${message}${received}`);
      open = true;
    },
    end,
  };
}

/** `45.2 MB of 170.1 MB, 3.1 MB/s, ETA 41 s`; of what came in `timeMs`, once that says something. */
function receivedText(
  { receivedBytes, totalBytes }: { readonly receivedBytes: number; readonly totalBytes: number | undefined },
  bytes: number,
  timeMs: number,
): string {
  if (totalBytes === undefined) return sizeText(receivedBytes);
  const text = `${sizeText(receivedBytes)} of ${sizeText(totalBytes)}`;
  if (bytes <= 0 || timeMs < 1000) return text;
  const perSecond = (1000 * bytes) / timeMs;
  const left = Math.max(0, totalBytes - receivedBytes) / perSecond;
  return `${text}, ${sizeText(Math.round(perSecond))}/s, ETA ${durationText(left)}`;
}
