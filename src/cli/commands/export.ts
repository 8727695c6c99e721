/** `fewbit export`: the weights of a run as raw integers, with golden vectors, for programs and hardware that are not Fewbit. */
import { join } from 'node:path';
import { Option } from 'commander';
import type { BackendName } from '../../backend/index.js';
import { RunFolderError } from '../../experiment/index.js';
import { checkpointPath, writeWhole } from '../../experiment/store/index.js';
import {
  cFiles,
  goldenVectors,
  hexFiles,
  npzFiles,
  openSubject,
  safetensorsFiles,
  type CExport,
  type ExportSubject,
  type GoldenVectors,
} from '../../export/index.js';
import { formatText, parseRounding, roundingText, InputError } from '../../numerics/index.js';
import { openRun } from '../shared/open-run.js';
import { openTestData } from '../shared/test-data.js';
import type { CommandContext } from '../console/interrupt.js';
import { addVoiceOptions, defineCommand } from '../options/define-command.js';
import { wholeNumber } from '../options/numbers.js';
import { checkOutFolder, makeOutFolder } from '../options/out-folder.js';
import { backendOption, threadsOption } from '../options/run-options.js';
import { shellCommand } from '../console/shell.js';
import { tableText } from '../console/table.js';
import { grouped, sizeText, type Terminal } from '../console/terminal.js';

const FORMATS = ['c', 'hex', 'npz', 'safetensors'] as const;
type Format = (typeof FORMATS)[number];

interface ExportOptions {
  readonly format: Format;
  readonly out?: string;
  readonly vectors?: number;
  readonly rounding?: string;
  readonly data?: string;
  readonly backend?: BackendName;
  readonly threads?: number;
  readonly force?: boolean;
}

const EXAMPLES = `
Formats:
  c            C99 without floats: weights, an inference function with Fewbit's logits bit for bit, a test; make -C <folder> test
  hex          one word per line for $readmemh, one file for each tensor
  npz          NumPy archives
  safetensors  int16 and int32 tensors, formats in the metadata

Examples:
  $ fewbit export runs/lenet-1 --format c
  $ fewbit export runs/lenet-1 --format c --rounding nearest --vectors 1000 --out firmware/lenet
  $ fewbit export runs/lenet-1 --format hex --out rtl/weights --force

Every format includes golden vectors: raw inputs and logits of the first test examples. Details: docs/export.md.`;

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'export a trained network (C, hex, NumPy, safetensors)',
  description:
    'Writes the weights of the last checkpoint of a run as raw integers with their formats, and golden vectors that test whatever uses them.',
  options: (command) =>
    addVoiceOptions(
      command
        .argument('<run>', 'run folder')
        .addOption(new Option('--format <format>', 'what to write').choices(FORMATS).makeOptionMandatory())
        .option('--out <folder>', 'folder of the files: new, or empty (default: <run>/export-<format>)')
        .option(
          '--vectors <n>',
          'number of golden vectors (default: 10, or all examples if there are fewer)',
          wholeNumber('--vectors', 1),
        )
        .option(
          '--rounding <mode>',
          'rounding of activations in the inference (default: as in fewbit eval)',
          (text) => roundingText(parseRounding(text)),
        )
        .option(
          '--data <data>',
          'take the vectors from other data: their test part, or all if they have none',
        )
        .addOption(backendOption())
        .addOption(threadsOption())
        .option('--force', 'replace the files of an earlier export in the folder'),
      'files',
      '',
    ),
  examples: EXAMPLES,
  run: exportRun,
});

async function exportRun(
  { terminal, signal }: CommandContext,
  run: string,
  options: ExportOptions,
): Promise<number> {
  const out = options.out ?? join(run, `export-${options.format}`);
  const { configuration, checkpoint } = openRun(terminal, run);
  if (checkpoint === null) {
    throw new RunFolderError(`run folder ${run}: has no checkpoint yet; continue it with --resume`);
  }
  checkOutFolder(out, options.force === true);
  const subject = await opened(checkpointPath(run), checkpoint, configuration.batch, options.rounding);
  const { test } = await openTestData(terminal, {
    ...{ run, configuration, schema: subject.dataSchema ?? null, other: options.data, signal },
  });
  const threads = options.threads ?? configuration.threads;
  const golden = await goldenVectors(subject, {
    data: test,
    ...(options.vectors === undefined ? {} : { count: options.vectors }),
    backend: options.backend ?? configuration.backend,
    ...(threads === undefined ? {} : { threads }),
  });
  const exported = exportedAs(options.format, subject, golden);
  makeOutFolder(out);
  for (const [name, contents] of exported.files) writeWhole(out, name, contents);
  report(terminal, { run, out, format: options.format, subject, golden, exported });
  return 0;
}

/** The checkpoint; an error names its file. */
async function opened(
  path: string,
  bytes: Uint8Array,
  batch: number,
  rounding: string | undefined,
): Promise<ExportSubject> {
  try {
    return await openSubject(bytes, { batch, ...(rounding === undefined ? {} : { rounding }) });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new RunFolderError(`${path}: ${error.message}`, { cause: error });
  }
}

type Exported = Pick<CExport, 'files'> & Partial<CExport>;

function exportedAs(format: Format, subject: ExportSubject, golden: GoldenVectors): Exported {
  switch (format) {
    case 'c':
      return cFiles(subject, golden);
    case 'hex':
      return { files: hexFiles(subject, golden) };
    case 'npz':
      return { files: npzFiles(subject, golden) };
    case 'safetensors':
      return { files: safetensorsFiles(subject, golden) };
  }
}

interface Report {
  readonly run: string;
  readonly out: string;
  readonly format: Format;
  readonly subject: ExportSubject;
  readonly golden: GoldenVectors;
  readonly exported: Exported;
}

function report(terminal: Terminal, { run, out, format, subject, golden, exported }: Report): void {
  const { definition, step, tensors } = subject;
  const { constantBytes, memoryBytes } = exported;
  const files = [...exported.files.keys()].map((name) => join(out, name));
  terminal.json({
    event: 'done',
    run,
    format,
    step,
    tensors: tensors.map(({ name, shape, format: own }) => ({ name, shape, format: formatText(own) })),
    vectors: golden.count,
    constantBytes,
    memoryBytes,
    files,
  });
  const rows = tensors.map(({ name, shape, format: own, data }) => [
    ...[name, shape.join(' x '), formatText(own), grouped(data.length), sizeText(data.byteLength)],
  ]);
  terminal.say(`${definition.name} of ${run} at step ${grouped(step)}, ${golden.count} golden vectors\n`);
  terminal.say(tableText(terminal, ['tensor', 'shape', 'format', 'elements', 'size'], rows, 'lllrr'));
  terminal.say('');
  if (constantBytes !== undefined && memoryBytes !== undefined) {
    terminal.say(`constants ${sizeText(constantBytes)}, static memory ${sizeText(memoryBytes)}`);
    terminal.say(`compare with the golden vectors: ${shellCommand('make', '-C', out, 'test')}\n`);
  }
  for (const file of files) terminal.print(file);
}
