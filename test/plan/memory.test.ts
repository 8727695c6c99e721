import { describe, expect, test } from 'vitest';
import { defineNetwork, zoo, ZOO_NAMES, type LayerConfiguration } from '../../src/nn/index.js';
import { opReads, opWrites, planTotals, type Op, type Plan } from '../../src/plan/index.js';

/** Replays a program and checks that every tensor an op reads still lies in memory as it was last written. */
function replay(plan: Plan, ops: readonly Op[]): number {
  // One owner per 64-byte line: the tensor that wrote it last.
  const owner = new Int32Array(plan.arenaBytes >> 6).fill(-1);
  const lines = (id: number) => {
    const { offset, sizeBytes } = plan.tensors[id]!;
    return [offset >> 6, (offset + sizeBytes + 63) >> 6] as const;
  };
  for (const tensor of plan.tensors) if (tensor.persistent) owner.fill(tensor.id, ...lines(tensor.id));
  let reads = 0;
  for (const op of ops) {
    for (const id of opReads(op)) {
      const [first, end] = lines(id);
      for (let line = first; line < end; line++) {
        if (owner[line] !== id)
          throw new Error(
            `${op.layer} ${op.kind} reads ${plan.tensors[id]!.name}, overwritten by ${plan.tensors[owner[line]!]?.name ?? 'nobody'}`,
          );
      }
      reads++;
    }
    const own = new Set(opReads(op).flatMap((id) => (id === inPlace(op) ? [] : [id])));
    for (const id of opWrites(op)) {
      const [first, end] = lines(id);
      for (let line = first; line < end; line++) {
        // A result never lies over another operand of the same op, unless it is that tensor (sgd) or in place.
        if (own.has(owner[line]!) && owner[line] !== id)
          throw new Error(`${op.layer} ${op.kind} writes over its own operand`);
      }
      owner.fill(id, first, end);
    }
  }
  return reads;
}

function inPlace(op: Op): number | null {
  return op.kind === 'relu' ? op.input : op.kind === 'reluGradient' ? op.dOutput : null;
}

const layers: LayerConfiguration[] = [
  { type: 'conv2d', channels: 3, kernel: 3, padding: 1, stride: 2, activation: 'relu' },
  { type: 'averagePool', kernel: 3, stride: 2 },
  { type: 'relu' },
  { type: 'dropout', rate: 0.5 },
  { type: 'maxPool', kernel: [2, 1] },
  { type: 'flatten' },
  { type: 'dense', units: 9, bias: false, activation: 'relu' },
  { type: 'dropout', rate: 0.25 },
  { type: 'dense', units: 4 },
];

describe('memory', () => {
  const mixed = defineNetwork({
    seed: 1,
    formats: { weight: '4.12', activation: '10.12' },
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    input: { height: 17, width: 13, channels: 2 },
    layers,
  });
  const plans = [...ZOO_NAMES.map((name) => defineNetwork(zoo[name]({ seed: 1 })).plan(10)), mixed.plan(7)];

  test.each(plans.map((plan) => [plan.name, plan] as const))(
    '%s: nothing is overwritten before its last use',
    (_, plan) => {
      expect(replay(plan, plan.train)).toBeGreaterThan(plan.train.length);
      expect(replay(plan, plan.evaluate)).toBeGreaterThan(0);
    },
  );

  test('the replay would notice', () => {
    const plan = plans[1]!;
    const victim = plan.tensors.find(({ name }) => name === 'pool1/output')!;
    const tensors = plan.tensors.map((t) =>
      t.name === 'conv2/output' ? { ...t, offset: victim.offset } : t,
    );
    expect(() => replay({ ...plan, tensors }, plan.train)).toThrow(/conv2/);
  });

  test('buffers are shared, offsets aligned, and everything lies in the arena', () => {
    for (const plan of plans) {
      const totals = planTotals(plan);
      expect(totals.arenaBytes).toBeLessThan(totals.unsharedBytes);
      for (const { offset, sizeBytes } of plan.tensors) {
        expect(offset & 63).toBe(0);
        expect(offset + sizeBytes).toBeLessThanOrEqual(plan.arenaBytes);
      }
    }
    const lenet = planTotals(plans[1]!);
    expect(lenet.arenaBytes - lenet.persistentBytes).toBeLessThan(
      (lenet.unsharedBytes - lenet.persistentBytes) / 2,
    );
  });

  test('ReLU works in place', () => {
    const { tensors } = plans[1]!;
    const at = (name: string) => tensors.find((t) => t.name === name)!.offset;
    expect(at('conv1.relu/output')).toBe(at('conv1/output'));
    expect(at('conv2.relu/dInput')).toBe(at('pool2/dInput'));
  });
});
