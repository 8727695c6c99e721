/** The errors of this room: a run folder or a run configuration that cannot be used. */

/** A run folder that is missing, in use, damaged, or holds another run. */
export class RunFolderError extends Error {
  override readonly name = 'RunFolderError';
}

/** A run configuration that breaks a rule; the message names the field. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
