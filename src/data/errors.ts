/**
 * The error of data that cannot be used: a corrupt file, a missing set, a failed download.
 * Wrong arguments are TypeError or RangeError instead.
 */
export class DataError extends Error {
  override readonly name = 'DataError';
}
