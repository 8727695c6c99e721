/**
 * The examples of the help, run as they stand, in a folder that has what they name. Left out are those that download data or
 * train for long.
 */
import { beforeAll, expect, it } from 'vitest';
import { analyzeCommand } from '../../src/cli/commands/analyze.js';
import { convertCommand } from '../../src/cli/commands/convert.js';
import { evalCommand } from '../../src/cli/commands/eval.js';
import { exportCommand } from '../../src/cli/commands/export.js';
import { hardwareCommand } from '../../src/cli/commands/hardware/command.js';
import { missingTool } from '../../src/cli/commands/hardware/tools.js';
import { infoCommand } from '../../src/cli/commands/info.js';
import { planCommand } from '../../src/cli/commands/plan.js';
import { reportCommand } from '../../src/cli/commands/report.js';
import { Terminal } from '../../src/cli/console/terminal.js';
import { argumentsOf, commandsBelow, examplesOf, helpOf } from './help-examples.js';
import { cli, CONVOLUTIONAL_NETWORK, temporaryFolder, writeConfiguration } from './support.js';

const folder = temporaryFolder();

/**
 * Examples that need nothing but the folder, by how they begin. A `cosim` that names no data would download some; the
 * synthetic data have fewer than 1000 examples to export.
 */
const CHEAP = [
  /^fewbit (?:convert|info|plan) ?/,
  /^fewbit hardware (?:estimate|rtl) /,
  /^fewbit hardware cosim (?=.*(?:--data synthetic|runs\/))/,
  /^fewbit (?:analyze|eval|export|report) runs\/lenet-1(?!.* (?:--open|--data|--vectors 1000))/,
];

const terminal = new Terminal();
const commands = [
  ...[analyzeCommand, convertCommand, evalCommand, exportCommand],
  ...[hardwareCommand, infoCommand, planCommand, reportCommand],
].map((command) => command(terminal));
const lines = [
  ...new Set(
    commands.flatMap((command) => commandsBelow(command).flatMap(([, child]) => examplesOf(helpOf(child)))),
  ),
].filter((line) => CHEAP.some((pattern) => pattern.test(line)));

beforeAll(async () => {
  writeConfiguration(folder, { network: CONVOLUTIONAL_NETWORK, steps: 3 });
  const args = ['train', 'lenet', '--data', 'synthetic', '--steps', '3', '--out', 'runs/lenet-1', '--quiet'];
  expect(await cli(args, { cwd: folder })).toMatchObject({ code: 0 });
}, 240_000);

it.for(lines)('%s', { timeout: 600_000 }, async (line, { skip }) => {
  if (line.includes(' cosim ')) {
    const missing = missingTool('verilator');
    skip(missing !== null, missing ?? '');
  }
  const { code, stderr } = await cli(argumentsOf(line), { cwd: folder });
  expect([code, /^(?:error|warning):.*/m.exec(stderr)?.[0]]).toEqual([0, undefined]);
});

it('runs examples of each of these commands', () => {
  expect(lines.length).toBeGreaterThan(20);
});
