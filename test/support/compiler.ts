/** The C compiler of the machine: the message of tests that are skipped without it. */
import { spawnSync } from 'node:child_process';

/** Why C cannot be compiled here; undefined if it can. */
export const noCompiler =
  spawnSync('cc', ['--version']).status === 0
    ? undefined
    : 'there is no C compiler: install the Debian packages gcc, libc6-dev and make';
