/** The generated C gives the logits of the reference backend, bit for bit: every op, rounding, register and width. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { cFiles, goldenVectors, type ExportSubject } from '../../src/export/index.js';
import { zoo, type LayerConfiguration, type NetworkConfiguration } from '../../src/nn/index.js';
import { ROUNDING_MODES } from '../../src/numerics/index.js';
import { configuration, drawnData, drawnSubject, runC, temporaryFolder, writeFiles } from './support.js';
import { noCompiler } from '../support/compiler.js';

const folder = temporaryFolder();
let runs = 0;

/** What the test program of the export prints, of vectors that the reference computes. */
async function printed(subject: ExportSubject, count = 5): Promise<string> {
  const golden = await goldenVectors(subject, {
    data: drawnData(subject, count),
    count,
    backend: 'reference',
  });
  // Logits that are all alike would show nothing.
  expect(new Set(golden.logits.data).size).toBeGreaterThan(1);
  const own = join(folder, String(runs++));
  mkdirSync(own);
  return runC(own, cFiles(subject, golden).files);
}

const small: LayerConfiguration[] = [
  { type: 'conv2d', name: 'conv', channels: 3, kernel: 3, padding: 1, activation: 'relu' },
  { type: 'averagePool', name: 'pool', kernel: 2 },
  { type: 'dense', name: 'fc', units: 4 },
];

/** Formats for which all sums of a training step fit, too. */
const wide = { weight: '<2,30>', bias: '<2,20>', error: '<2,10>', gradient: '<1,20>', update: '<1,20>' };
const coarse = {
  weight: '<20,-4>',
  bias: '<24,-8>',
  error: '<10,0>',
  gradient: '<20,-4>',
  update: '<20,-4>',
};
const near = { weight: '<6,2>', bias: '<6,2>', activation: '<4,4>' };

describe('the C of a network gives the same logits', () => {
  beforeEach((context) => context.skip(noCompiler !== undefined, noCompiler));

  const networks: [string, NetworkConfiguration, spread?: number][] = [
    ['lenet', zoo.lenet({ seed: 5 }), 0.02],
    ['lenet, nearest', zoo.lenet({ seed: 5, rounding: 'nearest' }), 0.02],
    ['resnet8, stochastic', zoo.resnet8({ seed: 5 }), 0.05],
    [
      'strides, clipped pools, dropout, flatten',
      configuration([
        { type: 'conv2d', name: 'conv', channels: 4, kernel: [2, 3], stride: [1, 2], padding: [1, 2] },
        { type: 'relu' },
        { type: 'averagePool', kernel: 3, stride: 2 },
        { type: 'dropout', rate: 0.5 },
        { type: 'maxPool', kernel: [2, 3], stride: 2 },
        { type: 'flatten' },
        { type: 'dense', units: 6, bias: false },
        { type: 'dense', units: 5, activation: 'relu' },
      ]),
      0.2,
    ],
    [
      'a clipped average, cut down',
      configuration(
        [
          { type: 'averagePool', kernel: 3, stride: 2 },
          { type: 'dense', units: 5 },
        ],
        { rounding: 'floor' },
      ),
      0.2,
    ],
    [
      'padding wider than the kernel',
      configuration([
        { type: 'conv2d', channels: 2, kernel: 2, padding: 3, stride: 2 },
        { type: 'dense', units: 3 },
      ]),
      0.2,
    ],
    [
      'residual with a shortcut, normalised, of other formats',
      configuration([
        { type: 'conv2d', channels: 4, kernel: 3, padding: 1, bias: false },
        { type: 'batchNorm', activation: 'relu' },
        {
          type: 'residual',
          layers: [
            { type: 'conv2d', channels: 6, kernel: 3, stride: 2, padding: 1 },
            { type: 'batchNorm', formats: { activation: '<4,9>' } },
          ],
          shortcut: [
            { type: 'conv2d', channels: 6, kernel: 1, stride: 2, formats: { activation: '<8,12>' } },
          ],
          activation: 'relu',
        },
        { type: 'residual', layers: [{ type: 'batchNorm' }] },
        { type: 'globalAveragePool' },
        { type: 'dense', units: 3 },
      ]),
      0.05,
    ],
    ['weights at the ends of their formats', configuration(small), 1],
    ['20 bits, stochastic', configuration(small, { formats: '<6,14>', rounding: 'stochastic' })],
    [
      '20-bit weights, 12-bit activations',
      configuration(small, { formats: { weight: '<4,16>', activation: '<4,8>' } }),
    ],
    ['32 bits', configuration(small, { formats: { ...wide, activation: '<6,20>' } })],
    [
      'more than 32 bits dropped',
      configuration(small, { formats: { ...wide, activation: '<10,4>' }, rounding: 'stochastic' }),
      1,
    ],
    ['8 bits', configuration(small, { formats: '<3,5>', rounding: 'stochastic' })],
    ['few random bits', configuration(small, { rounding: 'stochastic:3' })],
    [
      'negative fraction bits',
      configuration([{ type: 'dense', units: 4 }], { formats: { ...coarse, activation: '<18,-2>' } }),
    ],
    ['wrapped', configuration(small, { overflow: 'wrap' }), 1],
    [
      'left shifts',
      configuration([{ type: 'dense', units: 4, formats: { activation: '<3,13>' } }], { formats: near }),
    ],
    [
      'left shifts, wrapped',
      configuration([{ type: 'dense', units: 4, formats: { activation: '<3,13>' } }], {
        ...{ formats: near, overflow: 'wrap' },
      }),
    ],
    [
      'left shifts beyond 64 bits',
      configuration([{ type: 'dense', units: 4, formats: { activation: '<-9,41>' } }], { formats: coarse }),
    ],
    [
      'layers of names that are alike in C',
      configuration(
        [
          { type: 'dense', name: 'a.b', units: 3 },
          { type: 'dense', name: 'a-b', units: 3 },
          { type: 'dense', name: 'A_B', units: 3 },
        ],
        { name: '9 */ lives??/' },
      ),
    ],
  ];
  for (const text of ['wrap:24', 'wrap:40', 'saturate:24', 'saturate:40'] as const) {
    const [overflow, width] = text.split(':') as ['wrap', string];
    networks.push([
      `register ${text}`,
      configuration(small, { accumulator: { overflow, width: Number(width) } }),
    ]);
  }
  networks.push(
    ...ROUNDING_MODES.map((rounding): [string, NetworkConfiguration] => [
      rounding,
      configuration(small, { rounding }),
    ]),
  );

  it.each(networks)('%s', async (_, network, spread = 0.1) => {
    expect(await printed(drawnSubject(network, 3, spread))).toMatch(/^5 of 5 identical\n/);
  });

  it('of an evaluation that rounds other than training does', async () => {
    const network = configuration(small, { rounding: 'stochastic', inferenceRounding: 'nearest-even' });
    expect(await printed(drawnSubject(network, 2))).toMatch(/^5 of 5 identical\n/);
  });
});

describe('the header', () => {
  const noCxx =
    noCompiler ??
    (spawnSync('g++', ['--version']).status === 0 ? undefined : 'install the Debian package g++');
  beforeEach((context) => context.skip(noCxx !== undefined, noCxx));

  it('declares functions of C for a program in C++, which links with them', async () => {
    const subject = drawnSubject(configuration(small, { name: 'net' }), 3);
    const golden = await goldenVectors(subject, { data: drawnData(subject, 1), backend: 'reference' });
    const own = join(folder, String(runs++));
    mkdirSync(own);
    writeFiles(own, cFiles(subject, golden).files);
    const program = `#include "net.h"
#include <vector>
int main() { std::vector<int16_t> input(NET_INPUT_SIZE), logits(NET_CLASSES); net_infer(input.data(), logits.data()); }
`;
    writeFileSync(join(own, 'main.cpp'), program);
    const run = (tool: string, ...args: string[]) =>
      spawnSync(tool, args, { cwd: own, encoding: 'utf8' }).stderr;
    expect(run('cc', '-c', 'net.c')).toBe('');
    expect(run('g++', '-Wall', '-Wextra', '-Werror', '-o', 'program', 'main.cpp', 'net.o')).toBe('');
    expect(spawnSync(join(own, 'program')).status).toBe(0);
  });
});

describe('golden vectors', () => {
  it('are ten by default, or all examples if there are fewer', async () => {
    const subject = drawnSubject(configuration(small), 3);
    const count = async (examples: number, asked?: number): Promise<number> => {
      const given = asked === undefined ? {} : { count: asked };
      const data = drawnData(subject, examples);
      return (await goldenVectors(subject, { data, backend: 'reference', ...given })).count;
    };
    expect([await count(12), await count(8), await count(8, 3)]).toEqual([10, 8, 3]);
    await expect(count(8, 9)).rejects.toThrow('must be 1 to 8');
  });
});
