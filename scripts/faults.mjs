/**
 * Loaded with `node --import`: makes the file system fail as FEWBIT_FAULT asks, for the kill loop. "<kind> <n>" is
 * about call n of those below: `kill` ends the process there, within a write after half of its bytes; `ENOSPC` writes half and
 * leaves the disk full from there on; `EIO` fails that call; `short` cuts every write from there on in half.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [kind = '', number = '1'] = (process.env.FEWBIT_FAULT ?? '').split(' ');
const CALLS = ['writeSync', 'fsyncSync', 'ftruncateSync', 'renameSync', 'linkSync', 'writeFileSync'];
const ERRNO = { ENOSPC: -28, EIO: -5 };
let calls = 0;

function refuse(name) {
  const syscall = name.replace(/Sync$|FileSync$/, '');
  throw Object.assign(new Error(`${kind}: injected, ${syscall}`), {
    code: kind,
    errno: ERRNO[kind],
    syscall,
  });
}

function die() {
  process.kill(process.pid, 'SIGKILL');
}

for (const name of CALLS) {
  const real = fs[name];
  fs[name] = (...args) => {
    const isBytes = name === 'writeSync' && typeof args[1] !== 'string';
    // Only files of the run; not stdout and stderr.
    if (name === 'writeSync' && (args[0] <= 2 || !isBytes)) return real(...args);
    calls++;
    const [handle, bytes, offset = 0, length = isBytes ? bytes.length - offset : 0] = args;
    const half = () => real(handle, bytes, offset, Math.ceil(length / 2));
    const isNow = calls === Number(number);
    const isReached = calls >= Number(number);
    if (kind === 'kill' && isNow) {
      if (isBytes) half();
      else if (calls % 2 === 0) real(...args);
      die();
    }
    if (kind === 'EIO' && isNow) refuse(name);
    if (kind === 'ENOSPC' && isReached && (isBytes || name === 'writeFileSync')) {
      if (isNow && isBytes && length > 1) return half();
      refuse(name);
    }
    if (kind === 'short' && isReached && isBytes) return half();
    return real(...args);
  };
}
syncBuiltinESMExports();
