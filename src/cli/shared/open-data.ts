/** Loads a run's data and shows what is being fetched. */
import { noteText } from '../../data/index.js';
import { loadData, type DataProgress, type LoadedData } from '../../data/node/index.js';
import { durationText, sizeText, type Terminal } from '../console/terminal.js';

export interface DataRequest {
  readonly spec: string;
  /** Seed of the synthetic set, and of the split of data without a test part. */
  readonly seed: number | string;
  readonly signal: AbortSignal;
}

/** Prints what the loader has to note about the data, once. @throws DataError; the signal's reason */
export async function openData(terminal: Terminal, { spec, ...request }: DataRequest): Promise<LoadedData> {
  const progress = fetchProgress(terminal);
  let data: LoadedData;
  try {
    data = await loadData(spec, { ...request, onProgress: progress.show });
  } finally {
    progress.end();
  }
  for (const note of data.notes) terminal.remark(noteText(note));
  return data;
}

/** Shows how a fetch proceeds: a status line for each thing that is begun. */
export function fetchProgress(terminal: Terminal): {
  show: (progress: DataProgress) => void;
  end: () => void;
} {
  const status = terminal.status('stderr', { stays: true });
  let last = '';
  let begun = { time: 0, bytes: 0 };
  return {
    show({ message, receivedBytes, totalBytes }) {
      if (message !== last) {
        last = message;
        begun = { time: performance.now(), bytes: receivedBytes ?? 0 };
        status.begin(message);
      }
      if (receivedBytes === undefined) return;
      status.show(() => {
        const bytes = receivedBytes - begun.bytes;
        const timeMs = performance.now() - begun.time;
        return [`${message} (${receivedText({ receivedBytes, totalBytes }, bytes, timeMs)})`];
      });
    },
    end: () => {
      status.end();
    },
  };
}

/**
 * `45.2 MB of 170.1 MB, 3.1 MB/s, ETA 41 s`; from the bytes received in `timeMs`, once that is meaningful.
 */
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
