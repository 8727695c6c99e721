import { beforeAll, describe, expect, it } from 'vitest';
import { defineNetwork, type NetworkConfiguration } from '../../src/nn/index.js';
import {
  checkSameNetwork,
  decodeCheckpoint,
  encodeCheckpoint,
  type Checkpoint,
  type CheckpointTensor,
} from '../../src/train/checkpoint.js';
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '../../src/train/safetensors.js';
import { sha256 } from '../../src/train/bytes.js';
import { tinyConfiguration } from './support.js';

/** A checkpoint with a distinct value in every tensor. */
function checkpointOf(configuration: NetworkConfiguration): Checkpoint {
  const definition = defineNetwork(configuration);
  const plan = definition.plan(1);
  const tensors = new Map<string, CheckpointTensor>();
  for (const id of [...plan.parameters, ...plan.updates]) {
    const { name, shape, format } = plan.tensors[id]!;
    const data = definition.initialParameters(plan).get(name)!;
    data.forEach((_, i) => (data[i] = id + i));
    tensors.set(name, { shape, format: format!, data });
  }
  return {
    configuration: definition.configuration,
    step: 12,
    epoch: 3,
    iteratorPosition: { epoch: 3, cursor: 8 },
    batch: 4,
    precision: null,
    tensors,
  };
}

/** The file again, changed by `edit`, with a checksum that is right. */
async function edited(bytes: Uint8Array, edit: (file: EditableFile) => void): Promise<Uint8Array> {
  const { metadata, tensors } = decodeSafetensors(bytes);
  const file = { metadata: { ...metadata, sha256: '0'.repeat(64) }, tensors: new Map(tensors) };
  edit(file);
  const changed = encodeSafetensors(file);
  const at = new TextDecoder().decode(changed).indexOf('0'.repeat(64));
  changed.set(new TextEncoder().encode(await sha256(changed)), at);
  return changed;
}
interface EditableFile {
  metadata: Record<string, string>;
  tensors: Map<string, SafetensorsTensor>;
}

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await encodeCheckpoint(checkpointOf(tinyConfiguration()));
});

describe('checkpoint', () => {
  it.each([
    [
      '16 and 32 bits',
      tinyConfiguration({ formats: { weight: '<4,12>', update: '<4,16>', activation: '<6,10>' } }),
    ],
    ['float32', tinyConfiguration({ formats: 'float32' })],
    ['a 64-bit seed', tinyConfiguration({ seed: '18446744073709551615' })],
  ])('comes back as it was: %s', async (_, configuration) => {
    const checkpoint = checkpointOf(configuration);
    expect(await decodeCheckpoint(await encodeCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it('comes back as it was before the first step', async () => {
    const checkpoint = {
      ...checkpointOf(tinyConfiguration()),
      iteratorPosition: null,
      batch: null,
      step: 0,
      epoch: 0,
    };
    expect(await decodeCheckpoint(await encodeCheckpoint(checkpoint))).toEqual(checkpoint);
  });

  it('is a safetensors file with formats and counters in its metadata', () => {
    const { metadata, tensors } = decodeSafetensors(bytes);
    expect(metadata).toMatchObject({
      kind: 'fewbit-checkpoint',
      version: '1',
      seed: '7',
      step: '12',
      epoch: '3',
      iterator: '{"epoch":3,"cursor":8}',
      batch: '4',
    });
    expect(JSON.parse(metadata['formats']!)).toMatchObject({
      'conv/weight': '<4,12>',
      'fc/bias.update': '<4,12>',
    });
    expect([...tensors.keys()].sort()).toEqual(
      ['conv/bias', 'conv/weight', 'fc/bias', 'fc/weight'].flatMap((name) => [name, `${name}.update`]).sort(),
    );
  });

  it('refuses a file with any one bit changed', async () => {
    for (let bit = 0; bit < bytes.length * 8; bit += bit < 8 * 64 ? 1 : 13) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await expect(decodeCheckpoint(damaged), `bit ${bit}`).rejects.toThrow(RangeError);
    }
  });

  it('names both checksums when data is damaged', async () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 1]! ^= 1;
    await expect(decodeCheckpoint(damaged)).rejects.toThrow(
      /^checkpoint: SHA-256 of the file must be [0-9a-f]{64}, got [0-9a-f]{64}; the file is corrupted, use an older checkpoint$/,
    );
  });

  it('does not change its bytes, nor those of a Buffer', async () => {
    const file = Buffer.from(bytes);
    const both = await Promise.all([decodeCheckpoint(file), decodeCheckpoint(file)]);
    expect(both[0]).toEqual(both[1]);
    expect(new Uint8Array(file)).toEqual(bytes);
  });

  it('refuses a truncated file', async () => {
    await expect(decodeCheckpoint(bytes.subarray(0, bytes.length - 1))).rejects.toThrow(
      /the file is truncated$/,
    );
    await expect(decodeCheckpoint(new Uint8Array(0))).rejects.toThrow(
      'safetensors: the file is truncated, got 0 bytes of at least 8',
    );
  });

  it.each<[string, (file: EditableFile) => void, string]>([
    [
      'another kind of file',
      ({ metadata }) => delete metadata['kind'],
      'checkpoint: the file is safetensors but not a checkpoint of Fewbit',
    ],
    [
      'an unknown version',
      ({ metadata }) => (metadata['version'] = '2'),
      'checkpoint: version must be 1, got 2; read it with the release that wrote it',
    ],
    [
      'metadata that is missing',
      ({ metadata }) => delete metadata['step'],
      'checkpoint: the metadata must have "step", got none',
    ],
    [
      'a step that is not a number',
      ({ metadata }) => (metadata['step'] = '1.5'),
      'checkpoint: step must be a whole number, got 1.5',
    ],
    [
      'an iterator position that is none',
      ({ metadata }) => (metadata['iterator'] = '[1]'),
      'checkpoint: iterator must be { epoch, cursor } or null, got [1]',
    ],
    [
      'a network that is not JSON',
      ({ metadata }) => (metadata['network'] = '{'),
      'checkpoint: "network" in the metadata is not JSON, got "{"',
    ],
    [
      'a seed that is not the network’s',
      ({ metadata }) => (metadata['seed'] = '8'),
      "checkpoint: seed must be the network's, 7, got 8; the file was edited",
    ],
    [
      'a missing tensor',
      ({ tensors }) => tensors.delete('fc/bias.update'),
      'checkpoint: tensor "fc/bias.update" of the network is missing',
    ],
    [
      'a tensor too many',
      ({ tensors }) => tensors.set('fc3/weight', { shape: [1], data: Int16Array.of(0) }),
      'checkpoint: the network has no tensor "fc3/weight"',
    ],
    [
      'a tensor of another shape',
      ({ tensors }) => tensors.set('fc/bias', { shape: [1, 3], data: new Int16Array(3) }),
      'checkpoint: tensor "fc/bias" must be [3], got [1, 3]',
    ],
    [
      'a tensor of another element type',
      ({ tensors }) => tensors.set('fc/bias', { shape: [3], data: new Int32Array(3) }),
      'checkpoint: tensor "fc/bias" must be <4,12> stored as int16, got <4,12>',
    ],
    [
      'a tensor of another format',
      ({ metadata }) =>
        (metadata['formats'] = metadata['formats']!.replace('"fc/bias":"<4,12>"', '"fc/bias":"<2,14>"')),
      'checkpoint: tensor "fc/bias" must be <4,12> stored as int16, got <2,14>',
    ],
  ])('refuses %s', async (_, edit, message) => {
    const changed = await edited(bytes, edit);
    await expect(decodeCheckpoint(changed)).rejects.toThrow(message);
  });

  describe('of a network with a precision schedule', () => {
    const scheduled = tinyConfiguration({ precisionSchedule: [{ epoch: 1, formats: '<4,16>' }] });
    const precision = { stage: 1, examples: 8, correct: 3, bestErrorPercent: 62.5, stalledEpochs: 2 };
    const written = async (): Promise<Uint8Array> => {
      const { tensors } = checkpointOf(tinyConfiguration({ formats: '<4,16>' }));
      return encodeCheckpoint({ ...checkpointOf(scheduled), precision, tensors });
    };

    it('holds its stage, in whose formats the tensors are', async () => {
      const { precision: found, tensors } = await decodeCheckpoint(await written());
      expect(found).toEqual(precision);
      expect(tensors.get('fc/bias')?.format).toEqual({ il: 4, fl: 16 });
    });

    it.each<[string, string | undefined, string]>([
      ['no stage', undefined, 'checkpoint: the metadata must have "precision", got none'],
      [
        'a stage that there is not',
        '{"stage":2,"examples":8,"correct":3,"bestErrorPercent":null,"stalledEpochs":2}',
        'checkpoint: precision must be a stage from 0 to 1 with its counters, got {"stage":2,',
      ],
      [
        'more correct than there were',
        '{"stage":1,"examples":8,"correct":9,"bestErrorPercent":null,"stalledEpochs":2}',
        'checkpoint: precision must be a stage from 0 to 1 with its counters, got {"stage":1,',
      ],
      [
        'no counters',
        'null',
        'checkpoint: precision must be a stage from 0 to 1 with its counters, got null',
      ],
      [
        'another stage than the formats are of',
        '{"stage":0,"examples":8,"correct":3,"bestErrorPercent":null,"stalledEpochs":2}',
        'checkpoint: tensor "conv/weight" must be <4,12> stored as int16, got <4,16>',
      ],
    ])('refuses %s', async (_, text, message) => {
      const changed = await edited(await written(), ({ metadata }) => {
        if (text === undefined) delete metadata['precision'];
        else metadata['precision'] = text;
      });
      await expect(decodeCheckpoint(changed)).rejects.toThrow(message);
    });
  });

  it('refuses raw integers outside of the format', async () => {
    const narrow = await encodeCheckpoint(checkpointOf(tinyConfiguration({ formats: '<4,8>' })));
    const changed = await edited(narrow, ({ tensors }) =>
      tensors.set('fc/bias', { shape: [3], data: Int16Array.of(2047, -2048, 2048) }),
    );
    await expect(decodeCheckpoint(changed)).rejects.toThrow(
      'checkpoint: tensor "fc/bias" holds 2048, outside of <4,8>, -2048 to 2047',
    );
  });

  it('refuses a file that another tool has written again', async () => {
    const { metadata, tensors } = decodeSafetensors(bytes);
    const { sha256: checksum, ...rest } = metadata;
    const rewritten = encodeSafetensors({ metadata: { ...rest, sha256: checksum! }, tensors });
    await expect(decodeCheckpoint(rewritten)).rejects.toThrow(
      'checkpoint: the checksum must come first in the file; the file was written by another tool',
    );
  });
});

describe('checkSameNetwork', () => {
  const base = tinyConfiguration();
  it('takes the same configuration, whatever the order of its fields', () => {
    const { seed, ...rest } = base;
    expect(() => checkSameNetwork({ ...rest, seed }, base)).not.toThrow();
  });

  it.each<[Partial<NetworkConfiguration>, string]>([
    [{ seed: 8 }, 'seed is 8 in the checkpoint and 7 here'],
    [
      { formats: '<2,14>' },
      'formats is "<2,14>" in the checkpoint and {"weight":"<4,12>","activation":"<6,10>"} here',
    ],
    [
      { layers: [...base.layers.slice(0, 3), { type: 'dense', name: 'fc', units: 4 }] },
      'layers[3].units is 4 in the checkpoint and 3 here',
    ],
    [
      { layers: [...base.layers, { type: 'relu' }] },
      'layers[4] is {"type":"relu"} in the checkpoint and absent here',
    ],
    [{ overflow: 'wrap' }, 'overflow is "wrap" in the checkpoint and absent here'],
  ])('names the first difference: %j', (change, difference) => {
    expect(() => checkSameNetwork({ ...base, ...change }, base)).toThrow(
      new RangeError(
        `checkpoint of another network: ${difference}; load it with its own configuration, or start afresh`,
      ),
    );
  });
});
