/** One run in full: what it is, how far it has come, its epochs, its result. */
import {
  epochLines,
  lostCells,
  RunFolderError,
  runFields,
  testErrorOf,
  trainErrorOf,
  type RunSummary,
} from '../../../experiment/index.js';
import { readRecord, isRunFolder, summarizeRun } from '../../../experiment/store/index.js';
import { networkFromJSON } from '../../../nn/index.js';
import { tableText } from '../../console/table.js';
import { errorText, grouped, lossText, type Terminal } from '../../console/terminal.js';

/** @throws RunFolderError where the folder holds no run, or a damaged one */
export function printRun(terminal: Terminal, path: string): void {
  if (!isRunFolder(path)) {
    throw new RunFolderError(`run folder ${path}: holds no run; fewbit runs list shows those that there are`);
  }
  const { configuration, result, metrics, chain, unchecked } = readRecord(path);
  if (unchecked !== null) terminal.note(unchecked);
  const summary = summarizeRun(path);
  const epochs = epochLines(metrics);
  terminal.json({ ...summary, configuration, result, chain, lines: epochs });
  const { bold } = terminal.colour;
  const { data, batch, seed, backend } = { ...configuration, seed: configuration.network.seed };
  terminal.print(`${bold(path)}  ${stateText(summary)}`);
  terminal.print(
    `data ${data}, batch ${batch}, seed ${seed}, backend ${backend}, length ${lengthText(runFields(configuration))}\n`,
  );
  terminal.print(`${networkFromJSON(configuration.network).summary()}\n`);
  if (epochs.length > 0) {
    terminal.print(
      tableText(
        terminal,
        ['epoch', 'step', 'loss', 'training error', 'test error', 'steps/s'],
        epochs.map((line) => [
          line.partial ? `${line.epoch} (part)` : String(line.epoch),
          grouped(line.step),
          lossText(line.loss),
          errorText(trainErrorOf(line)),
          errorText(testErrorOf(line)),
          line.stepsPerSecond.toFixed(1),
        ]),
        'lrrrrr',
      ) + '\n',
    );
  }
  if (result === null) return;
  const lost = lostCells([{ name: 'lost gradients (flushed + swallowed)', lost: result.lost }]);
  if (lost !== null) terminal.print(tableText(terminal, lost.head, lost.rows, 'lr') + '\n');
  terminal.print(`digest ${result.digest}`);
  if (chain !== null) terminal.print(`chain ${chain}`);
}

function lengthText({ epochs, steps }: Readonly<Record<string, string>>): string {
  const parts = [
    epochs === undefined ? [] : [`${epochs} epochs`],
    steps === undefined ? [] : [`${steps} steps`],
  ];
  return parts.flat().join(' or ');
}

function stateText({ state, steps, epochs, pruned, problem }: RunSummary): string {
  const reached = `${grouped(steps)} steps, ${epochs} epochs`;
  if (pruned !== null) {
    return `${state} after epoch ${pruned.epochs}: ${errorText(pruned.errorPercent)}, place ${pruned.place} of ${pruned.runs}, ${pruned.kept} went on; ${reached}`;
  }
  return problem === null ? `${state}; ${reached}` : `${state}: ${problem}; ${reached}`;
}
