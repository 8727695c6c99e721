/** `fewbit plan`: the operations of one training step and one evaluation step. */
import { selectBackend, type MemoryUse } from '../../backend/index.js';
import { changeNetwork, RUN_DEFAULTS } from '../../experiment/index.js';
import { defineNetwork } from '../../nn/index.js';
import { planJson, planTable, planTotals, type Plan, type PlanRow } from '../../plan/index.js';
import { EXIT, UsageError } from '../console/errors.js';
import type { CommandContext } from '../console/interrupt.js';
import { defineCommand } from '../options/define-command.js';
import { wholeNumber } from '../options/numbers.js';
import {
  addArithmeticOptions,
  MAX_THREADS,
  NETWORK_HELP,
  networkArgument,
  networkChanges,
  type NetworkOptions,
} from '../options/run-options.js';
import { tableText } from '../console/table.js';
import { grouped, sizeText, type Terminal } from '../console/terminal.js';

interface PlanOptions extends NetworkOptions {
  readonly batch: number;
  readonly threads?: number;
  readonly stage: number;
}

const EXAMPLES = `
Examples:
  $ fewbit plan lenet
  $ fewbit plan dnn --batch 32 --formats 8.8 --rounding nearest
  $ fewbit plan cifar --batch 500 --threads 2        would it fit in memory?
  $ fewbit plan cifar10-mixed --stage 1
  $ fewbit plan config.json --json > plan.json`;

export const planCommand = defineCommand({
  name: 'plan',
  summary: 'print the operations of a network',
  description:
    'Prints the plan of a network: every operation of a training and an evaluation step with shapes, formats, rounding sites, multiply-accumulates and bytes; and the memory of a session.',
  options: (command) =>
    addArithmeticOptions(
      command
        .argument('<network>', NETWORK_HELP)
        .option('--batch <n>', 'examples per step', wholeNumber('--batch', 1), RUN_DEFAULTS.batch)
        .option(
          '--threads <n>',
          'number of threads to assume when reporting memory (default: as many as the network keeps busy)',
          wholeNumber('--threads', 1, MAX_THREADS),
        )
        .option(
          '--stage <n>',
          'stage of the precision schedule; training begins with stage 0',
          wholeNumber('--stage', 0),
          0,
        ),
    ).option('--json', 'print the plan as JSON'),
  examples: EXAMPLES,
  run: printPlan,
});

function printPlan({ terminal }: CommandContext, network: string, options: PlanOptions): number {
  const { network: base } = networkArgument(network, {});
  const definition = defineNetwork(changeNetwork(base, networkChanges(options)));
  const last = definition.stages.length - 1;
  const stage = definition.stages[options.stage];
  if (!stage) throw new UsageError(`--stage: this network has stages 0 to ${last}, got ${options.stage}`);
  const plan = stage.plan(options.batch);
  const { threads } = options;
  const backend = selectBackend(RUN_DEFAULTS.backend);
  const use = backend.memory?.(plan, threads === undefined ? {} : { threads });
  const memory = use && { backend: backend.name, ...use };
  terminal.json({ memory, ...planJson(plan) }, 2);
  const rows = planTable(plan);
  for (const program of ['train', 'evaluate'] as const) {
    const title = program === 'train' ? 'Training step' : 'Evaluation step';
    terminal.print(`${terminal.colour.bold(title)} of ${plan.name}, batch ${plan.batch}\n`);
    terminal.print(
      programText(
        terminal,
        rows.filter((row) => row.program === program),
      ) + '\n',
    );
  }
  terminal.print(totalsText(terminal, plan));
  if (memory) terminal.print(memoryText(memory));
  return EXIT.done;
}

/** All that a session takes, and what of it is not the plan's own. */
function memoryText({
  backend,
  threads,
  totalBytes,
  limitBytes,
  parts,
}: MemoryUse & { backend: string }): string {
  const made = Object.entries(parts).map(([part, bytes]) => `${part} ${sizeText(bytes)}`);
  const fits =
    totalBytes <= limitBytes ? '' : `; more than the ${sizeText(limitBytes)} that a session may have`;
  return `peak memory of a session, backend ${backend}, ${threads} thread${threads === 1 ? '' : 's'}: ${sizeText(totalBytes)} (${made.join(', ')})${fits}`;
}

function programText(terminal: Terminal, rows: readonly PlanRow[]): string {
  return tableText(
    terminal,
    ['op', 'reads', 'writes', 'rounding', 'MACs', 'bytes'],
    rows.map(({ op, reads, writes, sites, macs, bytes }) => [
      op,
      reads.join('\n'),
      writes.join('\n'),
      // A site is called like the tensor that is written, which the column before names.
      sites.map((site) => site.slice(site.indexOf(' ') + 1)).join('\n'),
      macs === 0 ? '' : grouped(macs),
      grouped(bytes),
    ]),
    'llllrr',
  );
}

function totalsText(terminal: Terminal, plan: Plan): string {
  const totals = planTotals(plan);
  const rows = [
    [
      'training step',
      `${totals.trainOps} ops`,
      `${grouped(totals.trainMacs)} MACs`,
      sizeText(totals.trainBytes),
    ],
    [
      'evaluation step',
      `${totals.evaluateOps} ops`,
      `${grouped(totals.evaluateMacs)} MACs`,
      sizeText(totals.evaluateBytes),
    ],
  ];
  return [
    tableText(terminal, ['total', '', '', 'read and written'], rows, 'lrrr'),
    '',
    `${grouped(totals.parameters)} parameters; memory ${sizeText(totals.arenaBytes)} (${sizeText(totals.persistentBytes)} kept between steps; ${sizeText(totals.unsharedBytes)} if nothing were shared)`,
  ].join('\n');
}
