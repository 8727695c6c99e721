/** The error of this room; wrong arguments are InputError or InputTypeError, as everywhere. */
import { FewbitError } from '../numerics/index.js';

/** Data that cannot be used: a corrupt file, a missing set, a failed download. */
export class DataError extends FewbitError {
  override readonly name = 'DataError';
}
