// The machine and the versions that a figure belongs to.
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release } from 'node:os';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** `lines` is the caption of a table. */
export function readEnvironment({ quick, pace }) {
  const cores = availableParallelism();
  const environment = {
    date: new Date().toISOString().slice(0, 10),
    fewbit: version,
    node: process.versions.node,
    v8: process.versions.v8,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores,
    system: `${platform()} ${release()}`,
    load: loadavg()[0],
  };
  const { cpu, node, v8, load } = environment;
  return {
    ...environment,
    lines: [
      `${cpu}, ${cores} core${cores > 1 ? 's' : ''}`,
      `Node ${node}, V8 ${v8}`,
      // Above 0 something else was at work when the measurement began.
      `load ${load.toFixed(1)} at the start`,
      quick ? `${pace.rounds} short rounds: rough figures` : `${pace.rounds} rounds`,
    ],
  };
}
