/** Loads a run's data and shows what is being fetched. */
import type { RunConfiguration } from '../../experiment/index.js';
import { noteText } from '../../data/index.js';
import { loadData, type DataProgress, type LoadedData } from '../../data/node/index.js';
import { UsageError } from '../console/errors.js';
import { durationText, sizeText, type Terminal } from '../console/terminal.js';

/**
 * The data that a configuration determines; which part of them a run uses, usedData decides. Prints what the loader has to
 * note about them, once.
 * @throws DataError; the signal's reason
 */
export async function openData(
  terminal: Terminal,
  configuration: Pick<RunConfiguration, 'data' | 'dataSeed' | 'network'>,
  signal: AbortSignal,
): Promise<LoadedData> {
  const { data, dataSeed: seed = configuration.network.seed } = configuration;
  const progress = fetchProgress(terminal);
  let loaded: LoadedData;
  try {
    loaded = await loadData(data, { seed, signal, onProgress: progress.show });
  } finally {
    progress.end();
  }
  for (const note of loaded.notes) terminal.remark(noteText(note));
  return loaded;
}

/**
 * Checks the data of a new run whose configuration is that of an earlier one.
 * @throws UsageError if the earlier run had other data
 */
export function checkRecordedData(
  who: string,
  { dataDigest }: Pick<RunConfiguration, 'dataDigest'>,
  { digest }: LoadedData,
): void {
  if (dataDigest === undefined || dataDigest === digest) return;
  throw new UsageError(
    `${who}: the configuration was recorded with other data (SHA-256 ${dataDigest}), got ${digest}; restore them, or name the data with --data`,
  );
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
