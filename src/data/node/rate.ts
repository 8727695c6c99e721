/**
 * The least speed of a fetch. A server that sends a byte now and then is never silent, but would keep a program waiting for
 * weeks: in every window of time a modem's worth of bytes must come, or the fetch is given up and the next source is tried.
 */
import { DataError } from '../index.js';

/** Slower than any line in use. */
const LEAST_BYTES_PER_SECOND = 1000;
/** A window is so many times the longest silence. */
const SILENCES = 3;

/** Watches the bytes of one fetch. */
export interface RateWatch {
  /** Counts bytes that came. */
  received(bytes: number): void;
  stop(): void;
}

/** Calls `giveUp` once if too few bytes come in three times `timeoutMs`. */
export function watchRate(timeoutMs: number, giveUp: (reason: DataError) => void): RateWatch {
  const windowMs = SILENCES * timeoutMs;
  const least = (LEAST_BYTES_PER_SECOND * windowMs) / 1000;
  let received = 0;
  const timer = setInterval(() => {
    if (received < least) {
      clearInterval(timer);
      giveUp(new DataError(`only ${received} bytes came in ${windowMs / 1000} s, the server is too slow`));
    }
    received = 0;
  }, windowMs);
  return {
    received: (bytes) => {
      received += bytes;
    },
    stop: () => clearInterval(timer),
  };
}
