// A separate Slurm on this machine, for trying sweeps: munged, slurmctld and slurmd with one node at
// 127.0.0.1, own ports, key, configuration and state in one folder. It touches nothing of a Slurm that is
// installed. Needs root and Debian's packages slurm-wlm and munge.
//   node scripts/slurm.mjs start <folder> [cpus]   starts it; then export SLURM_CONF=<folder>/slurm.conf
//   node scripts/slurm.mjs stop <folder>           ends its jobs and daemons
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const DAEMONS = ['munged', 'slurmctld', 'slurmd'];
const WAIT_MS = 30_000;
// Debian keeps daemons where the PATH of some shells does not reach.
const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** A port that is free at the moment. */
function freePort() {
  return new Promise((found, failed) => {
    const server = createServer();
    server.once('error', failed).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

async function configuration(folder, cpus) {
  const [controller, node] = [await freePort(), await freePort()];
  return `ClusterName=fewbit
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A job that is requeued waits until its old credentials have expired: two minutes by default.
AuthInfo=socket=${join(folder, 'munge.socket')},cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
KillWait=5
# Tasks begin at once, and not at the next round of a scheduler that has thousands of them.
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
StateSaveLocation=${join(folder, 'state')}
SlurmdSpoolDir=${join(folder, 'spool')}
SlurmctldPidFile=${join(folder, 'slurmctld.pid')}
SlurmdPidFile=${join(folder, 'slurmd.pid')}
SlurmctldLogFile=${join(folder, 'slurmctld.log')}
SlurmdLogFile=${join(folder, 'slurmd.log')}
# As many CPUs as we say, whatever the machine has.
SlurmdParameters=config_overrides
NodeName=node0 NodeHostname=${hostname()} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN
PartitionName=all Nodes=node0 Default=YES MaxTime=INFINITE State=UP
`;
}

function run(program, args, options = {}) {
  execFileSync(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'], ...options });
}

function pidOf(folder, daemon) {
  // A daemon takes its file away as it ends, perhaps while this looks.
  try {
    const pid = Number(readFileSync(join(folder, `${daemon}.pid`), 'utf8'));
    // The number may be another process's by now.
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === daemon ? pid : null;
  } catch {
    return null;
  }
}

async function until(what, holds) {
  const end = performance.now() + WAIT_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`slurm: ${what} took more than ${WAIT_MS / 1000} s`);
    await sleep(100);
  }
}

async function start(folder, cpus) {
  for (const name of ['', 'state', 'spool']) mkdirSync(join(folder, name), { recursive: true, mode: 0o755 });
  const conf = join(folder, 'slurm.conf');
  writeFileSync(conf, await configuration(folder, cpus));
  const key = join(folder, 'munge.key');
  writeFileSync(key, randomBytes(128), { mode: 0o600 });
  run('munged', [
    ...['--force', `--key-file=${key}`, `--socket=${join(folder, 'munge.socket')}`],
    ...['pid', 'log', 'seed'].map((kind) => `--${kind}-file=${join(folder, `munged.${kind}`)}`),
  ]);
  env.SLURM_CONF = conf;
  run('slurmctld', ['-c', '-f', conf]);
  run('slurmd', ['-c', '-N', 'node0', '-f', conf]);
  await until('the node', () => {
    const { stdout } = spawnSync('sinfo', ['--noheader', '--format=%T'], { env, encoding: 'utf8' });
    return stdout.trim() === 'idle';
  });
}

async function stop(folder) {
  env.SLURM_CONF = join(folder, 'slurm.conf');
  if (pidOf(folder, 'slurmctld') !== null) {
    spawnSync('scancel', ['--user=root'], { env });
    const active = () => spawnSync('squeue', ['--noheader'], { env, encoding: 'utf8' }).stdout.trim();
    await until('the end of its jobs', () => active() === '');
  }
  for (const daemon of [...DAEMONS].reverse()) {
    const pid = pidOf(folder, daemon);
    if (pid === null) continue;
    process.kill(pid, 'SIGTERM');
    await until(`the end of ${daemon}`, () => pidOf(folder, daemon) === null);
  }
}

const [command, folder, cpus = '2'] = process.argv.slice(2);
if (!['start', 'stop'].includes(command) || folder === undefined || !/^[1-9]\d*$/.test(cpus)) {
  console.error('usage: node scripts/slurm.mjs start <folder> [cpus] | stop <folder>');
  process.exit(2);
}
await (command === 'start' ? start(resolve(folder), cpus) : stop(resolve(folder)));
