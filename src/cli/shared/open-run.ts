/** Opens the run in a folder for a command, and notes what could not be checked in it. */
import { openStoredRun, type StoredRun } from '../../experiment/store/index.js';
import type { Terminal } from '../console/terminal.js';

/** @throws RunFolderError, ConfigurationError as openStoredRun */
export function openRun(terminal: Terminal, path: string): StoredRun {
  const run = openStoredRun(path);
  if (run.unchecked !== null) terminal.note(run.unchecked);
  return run;
}
