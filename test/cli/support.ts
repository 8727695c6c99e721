/** Runs the built command line in a separate process, in a new temporary folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A temporary folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fewbit-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function startCli(args: readonly string[], { cwd, env = {} }: CliOptions): ChildProcess {
  // What the tests' own terminal wants does not matter here.
  const inherited = { ...process.env, NO_COLOR: '', FORCE_COLOR: undefined, CI: 'true' };
  return spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...inherited, ...env } });
}

/** Runs it to its end. */
export async function cli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return ended(startCli(args, options));
}

/** What a process printed, and how it ended. */
export async function ended(child: ChildProcess): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, stdout, stderr };
}

/** The JSON objects of the lines of stdout; fails on any other line. */
export function jsonLines({ stdout }: CliResult): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A network that trains in a moment, as JSON data. */
export const SMALL_NETWORK = {
  name: 'small',
  seed: 3,
  formats: { weight: '4.12', activation: '6.10' },
  rounding: 'stochastic',
  weightInit: { distribution: 'normal', deviation: 0.05 },
  optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
  input: { height: 28, width: 28, channels: 1 },
  layers: [
    { type: 'dense', name: 'fc1', units: 16, activation: 'relu' },
    { type: 'dense', name: 'fc2', units: 10 },
  ],
};

/** Convolutions and a dense layer: all kinds of products. */
export const CONVOLUTIONAL_NETWORK = {
  ...SMALL_NETWORK,
  layers: [
    { type: 'conv2d', name: 'conv1', channels: 3, kernel: 5, stride: 3, activation: 'relu' },
    { type: 'conv2d', name: 'conv2', channels: 4, kernel: 3, stride: 2, activation: 'relu' },
    { type: 'dense', name: 'fc1', units: 10 },
  ],
};

/** A copy without some properties. */
export function omit(object: object, ...keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** Writes the small network's run configuration, with changes, and returns the file's name. */
export function writeConfiguration(
  folder: string,
  changes: Readonly<Record<string, unknown>> = {},
  name = 'config.json',
): string {
  const configuration = { network: SMALL_NETWORK, data: 'synthetic', batch: 20, threads: 1, ...changes };
  writeFileSync(join(folder, name), JSON.stringify(configuration));
  return name;
}

/** The files of an advice folder in hexadecimal digits, without its runs. */
export function adviceFiles(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name !== 'trials' && name !== 'verification');
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'hex')]));
}
