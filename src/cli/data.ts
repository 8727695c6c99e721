/** Loads a run's data, telling people what is being fetched. */
import { loadData, type LoadedData } from '../data/node/index.js';
import { sizeText, type Terminal, type Voice } from './terminal.js';

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

/** Shows how a fetch goes on stderr: on a terminal in one line, elsewhere a line for each thing that is begun. */
export function fetchProgress(terminal: Terminal): {
  show: (progress: { message: string; receivedBytes?: number }) => void;
  end: () => void;
} {
  let last = '';
  let open = false;
  const end = (): void => {
    if (open) process.stderr.write('\n');
    open = false;
  };
  return {
    show({ message, receivedBytes }) {
      if (!terminal.isInteractive) {
        if (message !== last) terminal.note(message);
      } else {
        if (message !== last) end();
        const received = receivedBytes === undefined ? '' : ` (${sizeText(receivedBytes)})`;
        process.stderr.write(`\r\u001b[K${message}${received}`);
        open = true;
      }
      last = message;
    },
    end,
  };
}
