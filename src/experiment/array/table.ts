/** An estimate of the array as texts: rows of tables, facts in words, records for other programs, and a page in Markdown. */
import {
  CAUSES,
  ENERGY_PARTS,
  FLOAT32_MAC_PJ,
  type ArrayConfig,
  type Estimate,
  type StepEstimate,
  type SweepLabels,
} from '../../hardware/index.js';
import { countText, markdownTable, markdownText, shareText } from '../draw/text.js';

/** What is estimated, beside its numbers. */
export interface EstimateSubject {
  /** `lenet, batch 100`. */
  readonly title: string;
  /** Examples of an epoch and of a step, if they are known. */
  readonly epoch: { readonly examples: number; readonly batch: number } | null;
  /** Ops that the host does, by kind; empty for a single product. */
  readonly hostOps: Readonly<Partial<Record<string, number>>>;
  /** Power of a real device in watts, for comparison. */
  readonly watts?: number;
}

/** One combination of a sweep with its estimate. */
export interface ArraySweepRow {
  readonly labels: SweepLabels;
  readonly estimate: StepEstimate;
}

/** A row of a table for other programs. */
export type EstimateRecord = Record<string, string | number>;

/** Head of the table of products. */
export const ESTIMATE_COLUMNS = [
  ...['product', 'M', 'K', 'N', 'cycles'],
  ...CAUSES,
  ...['moved', 'G-ops/s', 'energy'],
];

/** The rows below ESTIMATE_COLUMNS: every product, and all of them if there are several. */
export function estimateRows({ products, total }: StepEstimate): string[][] {
  const rows = products.map(({ workload: { name, m, k, n }, ...estimate }) =>
    estimateRow([name, String(m), String(k), String(n)], estimate),
  );
  return products.length > 1 ? [...rows, estimateRow(['all', '', '', ''], total)] : rows;
}

function estimateRow(head: readonly string[], { schedule, shares, gops, joules }: Estimate): string[] {
  return [
    ...head,
    countText(schedule.cycles),
    ...CAUSES.map((cause) => percent(shares[cause])),
    engineering(schedule.bytesRead + schedule.bytesWritten, 'B'),
    digits(gops),
    engineering(joules, 'J'),
  ];
}

/** One record a product, numbers in plain units. */
export function estimateRecords({ products }: StepEstimate): EstimateRecord[] {
  return products.map(({ workload: { name, pass, m, k, n, lhsBits, rhsBits, outBits }, ...estimate }) => ({
    ...{ product: name, pass, m, k, n, lhsBits, rhsBits, outBits },
    ...estimateRecord(estimate),
  }));
}

/** All numbers of one or several products, in plain units; shares of 1. */
export function estimateRecord({
  schedule,
  seconds,
  shares,
  gops,
  intensity,
  energy,
  ...estimate
}: Estimate) {
  const { cycles, slices, blocks, macs, bytesRead, bytesWritten } = schedule;
  const share = CAUSES.map((cause) => [`${cause}Share`, shares[cause]] as const);
  const parts = ENERGY_PARTS.map((part) => [`${part}Joules`, energy[part] * 1e-12] as const);
  const { joules, watts, pjPerOp } = estimate;
  return {
    ...{ cycles, slices, blocks, macs, bytesRead, bytesWritten, seconds, gops, opsPerByte: intensity },
    ...Object.fromEntries([...share, ...parts]),
    ...{ joules, watts, pjPerOp },
  };
}

/** Head of the table of a sweep: the fields that vary, then these. */
const SWEEP_COLUMNS = ['cycles', 'step', 'G-ops/s', 'of peak', 'energy', 'pJ/op', 'rounding', 'power'];

/** The table of a sweep, one row per combination. */
export function arraySweepTable(rows: readonly ArraySweepRow[]): { head: string[]; rows: string[][] } {
  const cells = rows.map(({ labels, estimate: { total } }) => [
    ...Object.values(labels),
    countText(total.schedule.cycles),
    engineering(total.seconds, 's'),
    digits(total.gops),
    percent(total.shares.busy),
    engineering(total.joules, 'J'),
    digits(total.pjPerOp),
    engineering(total.energy.rounding * 1e-12, 'J'),
    engineering(total.watts, 'W'),
  ]);
  return { head: [...Object.keys(rows[0]?.labels ?? {}), ...SWEEP_COLUMNS], rows: cells };
}

/** One record a combination. */
export function arraySweepRecords(rows: readonly ArraySweepRow[]): EstimateRecord[] {
  return rows.map(({ labels, estimate: { total, peakGops } }) => ({
    ...labels,
    peakGops,
    ...estimateRecord(total),
  }));
}

/** The array in words; without its size if several are compared. */
export function arrayText(config: ArrayConfig, hasSize = true): string {
  const { rows, cols, accumulatorBits, clockMHz, bandwidth, lhsBufferBytes, rhsBufferBytes } = config;
  const perSecond = engineering(bandwidth * clockMHz * 1e6, 'B');
  const memory = bandwidth === Infinity ? 'unlimited' : `${perSecond}/s each way`;
  return (
    `${hasSize ? `${rows} x ${cols} ` : ''}PEs at ${clockMHz} MHz, accumulators of ${accumulatorBits} bits; ` +
    `memory ${memory}, buffers ${engineering(lhsBufferBytes, 'B')} and ${engineering(rhsBufferBytes, 'B')}`
  );
}

/** The paper's figures of its device (Gupta et al. 2015, section 5). */
const PAPER_DEVICE = { gops: 260, gopsPerWatt: 37 } as const;

/** The result in words: each fact with what it is about. */
export function estimateFacts(
  { total, peakGops }: StepEstimate,
  { epoch, hostOps, watts }: EstimateSubject,
): [name: string, text: string][] {
  const { seconds, gops, shares, energy, joules, schedule } = total;
  const chipWatts = total.watts - (energy.dram * 1e-12) / seconds;
  const shareOf = (pj: number): string => percent(pj / (joules * 1e12));
  const parts = [...ENERGY_PARTS]
    .sort((a, b) => energy[b] - energy[a])
    .map((part) => `${part} ${shareOf(energy[part])}`);
  const steps = epoch && Math.ceil(epoch.examples / epoch.batch);
  const paperWatts = PAPER_DEVICE.gops / PAPER_DEVICE.gopsPerWatt;
  const mac = (energy.multiply + energy.accumulate) / schedule.macs;
  const host = Object.entries(hostOps).map(([kind, count]) => `${count} ${kind}`);
  return [
    [
      'time',
      `${engineering(seconds, 's')}, ${digits(1 / seconds)} a second` +
        (epoch && steps
          ? `; an epoch of ${countText(epoch.examples)} examples, ${countText(steps)} steps: ${engineering(steps * seconds, 's')}`
          : ''),
    ],
    ['speed', `${digits(gops)} G-ops/s, ${percent(shares.busy)} of the peak of ${digits(peakGops)}`],
    ['energy', `${engineering(joules, 'J')}, ${digits(total.pjPerOp)} pJ an operation: ${parts.join(', ')}`],
    [
      'power',
      `${engineering(total.watts, 'W')} on average, ${digits(gops / total.watts)} G-ops/s/W; without dram ${engineering(chipWatts, 'W')}, ${digits(gops / chipWatts)} G-ops/s/W`,
    ],
    ...(watts === undefined
      ? []
      : [
          [
            'device',
            `${digits(watts)} W given: ${engineering(watts * seconds, 'J')}, ${digits(gops / watts)} G-ops/s/W; ${digits(watts / total.watts)} times the estimate`,
          ] as [string, string],
        ]),
    [
      'multiply-add',
      `${digits(mac)} pJ, in float32 ${digits(FLOAT32_MAC_PJ)} pJ, ${digits(FLOAT32_MAC_PJ / mac)} times as much`,
    ],
    [
      'paper',
      `${PAPER_DEVICE.gops} G-ops/s and ${PAPER_DEVICE.gopsPerWatt} G-ops/s/W, that is ${paperWatts.toFixed(1)} W, of a whole FPGA; the estimate is of bare gates and memories, without wires, clock and leakage`,
    ],
    ...(host.length === 0 ? [] : [['host', `not counted: ${host.join(', ')}`] as [string, string]]),
  ];
}

/** What the columns mean, for a reader who has only the table. */
const ESTIMATE_NOTE =
  'Busy: multiply-accumulates that count, of all that the array could do in these cycles. Edge: PEs beyond the edge of the result. Fill: the first operands are on their way; read: later ones are. ' +
  'Drain: results would meet on their way out (K is below 2 C - 1). Write: results wait for memory. Flush: the last ones leave. Moved: bytes from and to memory. ' +
  'Energy: of the operations, after M. Horowitz, ISSCC 2014 (45 nm). One multiply-accumulate is two operations.';

/** A page in Markdown; `pictures` are files beside it, `command` is what makes it again. */
export function estimateMarkdown({
  title,
  array,
  facts,
  head,
  rows,
  pictures,
  command,
}: {
  readonly title: string;
  readonly array: string;
  readonly facts: readonly (readonly [name: string, text: string])[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly pictures: readonly { readonly file: string; readonly text: string }[];
  readonly command: string;
}): string {
  return [
    `# ${markdownText(title)}`,
    `${array}.`,
    ...(facts.length === 0
      ? []
      : [facts.map(([name, text]) => `- ${name}: ${markdownText(text)}`).join('\n')]),
    ...pictures.map(({ file, text }) => `![${markdownText(text)}](${file})`),
    markdownTable({ head, rows }, (column) => column === 0),
    ESTIMATE_NOTE,
    `\`\`\`sh\n${command}\n\`\`\``,
    '',
  ].join('\n\n');
}

const PREFIXES = ['p', 'n', 'µ', 'm', '', 'k', 'M', 'G', 'T'];

/** `6.6 mJ`, `4.18 ms`, `1.05 MB`: three digits with a prefix. */
function engineering(value: number, unit: string): string {
  const least = unit === 'B' ? 4 : 0;
  let at = 4;
  let scaled = value;
  while (Number(scaled.toPrecision(3)) >= 1000 && at < PREFIXES.length - 1) {
    scaled /= 1000;
    at += 1;
  }
  while (scaled !== 0 && Number(scaled.toPrecision(3)) < 1 && at > least) {
    scaled *= 1000;
    at -= 1;
  }
  return `${digits(scaled)} ${PREFIXES[at] ?? ''}${unit}`;
}

/** `57.5`, `0.123`, `1,250`: three digits, or all before the point. */
function digits(value: number): string {
  return value >= 999.5 ? countText(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function percent(share: number): string {
  return shareText(share, 1);
}
