/**
 * The formats of a network as its configuration can set them: a group is a layer's tensors of one role, which have one format.
 * How many elements each stores and moves in a training step, and a network with other formats. docs/formats.md, section "Advice".
 */
import { mapLayers, ROLES, type NetworkConfiguration, type NetworkDefinition } from '../../nn/index.js';
import { formatText, sameFormat, wordLength, type Format } from '../../numerics/index.js';
import { elements, opReads, opWrites, type Op, type Role, type TensorId } from '../../plan/index.js';

/** Tensors that share a format. */
export interface FormatGroup {
  /** `conv1 activation`; `input activation` and `loss error` are the network's own. */
  readonly name: string;
  /** null: set for the network as a whole. */
  readonly layer: string | null;
  readonly role: Role;
  readonly tensors: readonly string[];
  /** Elements of its tensors; those of a ReLU, which may lie where its operand lay, are not counted again. */
  readonly elements: number;
  /** Elements that the operations of a training step read and write. */
  readonly moved: number;
  /** A bias: the groups of the two operands to whose product it is added; it may have at most their fraction bits together. */
  readonly product: readonly [string, string] | null;
}

/** A format for every group, by the group's name. */
export type GroupFormats = ReadonlyMap<string, Format>;

/** The operand whose format the op's result has too, without a rounding site between them. */
function formatSource(op: Op): TensorId | null {
  if (op.kind === 'relu' || op.kind === 'maxPool') return op.input;
  return op.kind === 'reluGradient' ? op.dOutput : null;
}

/** The groups of a fixed-point network, with a full batch, in the order of the plan's tensors. */
export function formatGroups(definition: NetworkDefinition, batch: number): FormatGroup[] {
  const plan = definition.plan(batch);
  const sources = new Map<TensorId, TensorId>();
  const inPlace = new Set<TensorId>();
  for (const op of plan.train) {
    const source = formatSource(op);
    const [out] = opWrites(op);
    if (source === null || out === undefined) continue;
    sources.set(out, sources.get(source) ?? source);
    if (op.kind !== 'maxPool') inPlace.add(out);
  }
  // A layer without its own settings rounds (an error that several layers read) with the settings of the
  // network.
  const settable = new Set<string>();
  mapLayers(definition.configuration.layers, (layer, name) => {
    if (layer.type !== 'relu' && layer.type !== 'flatten') settable.add(name);
    return layer;
  });
  const used = plan.train.flatMap((op) => [...opReads(op), ...opWrites(op)]);
  const moves = new Map<TensorId, number>();
  for (const id of used) moves.set(id, (moves.get(id) ?? 0) + 1);
  const groups = new Map<string, FormatGroup>();
  const groupOf = (id: TensorId, role: Role): Pick<FormatGroup, 'name' | 'layer' | 'role'> => {
    const { name } = plan.tensors[sources.get(id) ?? id]!;
    const owner = name.slice(0, Math.max(name.lastIndexOf('/'), 0));
    const layer = settable.has(owner) ? owner : null;
    return { name: layer === null ? networkGroup(role) : `${layer} ${role}`, layer, role };
  };
  const products = new Map<TensorId, [string, string]>();
  for (const op of plan.train) {
    if ((op.kind !== 'matmul' && op.kind !== 'conv2d') || op.bias === null) continue;
    const [lhs, rhs] = op.kind === 'matmul' ? [op.lhs, op.rhs] : [op.input, op.weight];
    products.set(op.bias, [groupOf(lhs, 'activation').name, groupOf(rhs, 'weight').name]);
  }
  for (const { id, name, role, shape } of plan.tensors) {
    const known = ROLES.find((one) => one === role);
    if (known === undefined || !moves.has(id)) continue;
    const owner = groupOf(id, known);
    const size = elements(shape);
    const group = groups.get(owner.name);
    groups.set(owner.name, {
      ...owner,
      tensors: [...(group?.tensors ?? []), name],
      elements: (group?.elements ?? 0) + (inPlace.has(id) ? 0 : size),
      moved: (group?.moved ?? 0) + (moves.get(id) ?? 0) * size,
      product: products.get(id) ?? null,
    });
  }
  return [...groups.values()];
}

function networkGroup(role: Role): string {
  return role === 'activation' ? 'input activation' : `loss ${role}`;
}

/** The formats with every bias cut to the fraction bits of the product to which it is added. It keeps at least 2 bits. */
export function withFittingBiases(groups: readonly FormatGroup[], formats: GroupFormats): GroupFormats {
  const fitting = groups.flatMap((group): [string, Format][] => {
    if (group.product === null) return [];
    const format = formatOf(formats, group);
    const [lhs, rhs] = group.product.map((name) => formatOf(formats, { name }).fl) as [number, number];
    const fl = Math.min(format.fl, lhs + rhs);
    return [[group.name, { il: Math.max(format.il, 2 - fl), fl }]];
  });
  return new Map([...formats, ...fitting]);
}

/** Bits of all tensors of a training step, each stored once; and bits that its operations read and write. */
export interface BitTotals {
  readonly stored: number;
  readonly moved: number;
}

/** Totals over the groups; with a full batch, as `formatGroups` counted. */
export function bitTotals(groups: readonly FormatGroup[], formats: GroupFormats): BitTotals {
  const sum = (count: (group: FormatGroup) => number): number =>
    groups.reduce((total, group) => total + count(group) * wordLength(formatOf(formats, group)), 0);
  return { stored: sum((group) => group.elements), moved: sum((group) => group.moved) };
}

/**
 * The group's format. @throws TypeError if it has none
 */
export function formatOf(formats: GroupFormats, { name }: Pick<FormatGroup, 'name'>): Format {
  const format = formats.get(name);
  if (format === undefined) throw new Error(`internal: formats: there is none for ${name}`);
  return format;
}

/**
 * The network with these formats: those of the input and the loss as its own, with each other role's most stored ones, and at each
 * layer what differs from them.
 */
export function withGroupFormats(
  network: NetworkConfiguration,
  groups: readonly FormatGroup[],
  formats: GroupFormats,
): NetworkConfiguration {
  const own = new Map<Role, Format>();
  for (const role of ROLES) {
    const ofRole = groups.filter((group) => group.role === role);
    const most = ofRole.reduce<FormatGroup | null>(
      (best, group) => (best === null || group.elements > best.elements ? group : best),
      null,
    );
    const group = ofRole.find(({ layer }) => layer === null) ?? most;
    if (group) own.set(role, formatOf(formats, group));
  }
  const layers = mapLayers(network.layers, (layer, name) => {
    const { formats: _formats, ...rest } = layer as typeof layer & { formats?: unknown };
    const differing = groups.flatMap((group): [Role, string][] => {
      if (group.layer !== name) return [];
      const format = formatOf(formats, group);
      return sameFormat(format, own.get(group.role)!) ? [] : [[group.role, formatText(format)]];
    });
    if (differing.length === 0) return rest;
    return { ...rest, formats: Object.fromEntries(differing) } as typeof layer;
  });
  const roles = Object.fromEntries([...own].map(([role, format]) => [role, formatText(format)]));
  return { ...network, formats: roles, layers };
}
