/** The errors of this room: a run folder or a run configuration that cannot be used. */
import { FewbitError } from '../../numerics/index.js';

/** A run folder that is missing, in use, damaged, or holds another run. */
export class RunFolderError extends FewbitError {
  override readonly name = 'RunFolderError';
}

/** A run configuration that breaks a rule; the message names the field. */
export class ConfigurationError extends FewbitError {
  override readonly name = 'ConfigurationError';
}
