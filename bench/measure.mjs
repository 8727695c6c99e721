// Measures contenders alternately. In every round each of them works for a short while, one at a time, so
// that what else the machine does slows all of them alike and ratios within a round mean something.

/** A contender whose one piece of work takes longer than this is measured in the first rounds only. */
export const SLOW_SECONDS = 2;

/** How long and how often. */
export const NORMAL = { rounds: 9, roundMs: 400, warmMs: 300, slowRounds: 3 };
export const QUICK = { rounds: 3, roundMs: 80, warmMs: 60, slowRounds: 1 };

/**
 * Seconds per piece of work, by contender and round; undefined if a slow contender sat a round out. A
 * contender is `{ name, run }`; `run(count)` does `count` pieces of work and resolves to the seconds that
 * they took. `restMs` passes before each turn.
 */
export async function measure(label, contenders, { pace, progress, restMs = 0 }) {
  const rest = () => restMs > 0 && new Promise((resolve) => setTimeout(resolve, restMs));
  const workers = [];
  for (const { name, run } of contenders) {
    progress.show(`${label}: warming up ${name}`);
    await rest();
    workers.push({ name, run, times: [], ...(await calibrate(run, pace)) });
  }
  const start = performance.now();
  const total = workers.reduce((sum, { rounds, count, seconds }) => sum + rounds * count * seconds, 0);
  let done = 0;
  for (let round = 0; round < pace.rounds; round++) {
    for (let turn = 0; turn < workers.length; turn++) {
      // No contender always follows the same neighbour.
      const { name, run, times, count, seconds, rounds } = workers[(turn + round) % workers.length];
      if (round >= rounds) continue;
      const left = done === 0 ? null : ((performance.now() - start) * (total - done)) / done;
      progress.show(`${label}: round ${round + 1} of ${pace.rounds}, ${name}`, left);
      await rest();
      times[round] = (await run(count)) / count;
      done += seconds * count;
    }
  }
  progress.end();
  const padded = ({ times }) => Array.from({ length: pace.rounds }, (_, round) => times[round]);
  return new Map(workers.map((worker) => [worker.name, padded(worker)]));
}

/**
 * Runs until the code is compiled and caches are warm, and finds how much work fills a round: by the shortest time, or one
 * disturbance here would make all rounds short.
 */
async function calibrate(run, { rounds, roundMs, warmMs, slowRounds }) {
  const start = performance.now();
  let seconds = await run(1);
  while (seconds < SLOW_SECONDS && performance.now() - start < warmMs) {
    seconds = Math.min(seconds, await run(1));
  }
  const isSlow = seconds >= SLOW_SECONDS;
  return {
    seconds,
    count: Math.max(1, Math.round(roundMs / 1000 / seconds)),
    rounds: isSlow ? Math.min(rounds, slowRounds) : rounds,
  };
}
