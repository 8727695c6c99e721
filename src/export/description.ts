/** What raw integers mean, as JSON: the data that the network takes, formats, shapes, files, and the rounding sites of the evaluation. For `hex` and `npz`. */
import { formatText, roundingText, storageOf } from '../numerics/index.js';
import { opConverts } from '../plan/index.js';
import type { GoldenRows, GoldenVectors } from './golden.js';
import type { ExportSubject } from './subject.js';

/** Where the integers of each tensor are: a file, or an array in a file. */
export type Places = ReadonlyMap<string, string>;

/** data.json: kind of data, names of columns and classes, normaliser; no file if the checkpoint does not have them. */
export function dataFile({ dataSchema }: ExportSubject): (readonly [name: string, text: string])[] {
  return dataSchema ? [['data.json', JSON.stringify(dataSchema, null, 2) + '\n']] : [];
}

/** formats.json. `places` has all tensors, and `input`, `logits`, `labels` of the golden vectors. */
export function description(subject: ExportSubject, golden: GoldenVectors, places: Places): string {
  const { definition, plan, step, dataSchema, tensors } = subject;
  const { name, configuration } = definition;
  const rows = (what: 'input' | 'logits', { format, shape }: GoldenRows) => ({
    in: places.get(what),
    shape: [golden.count, ...shape],
    format: formatText(format),
  });
  const text = {
    network: name,
    seed: String(configuration.seed),
    step,
    evaluationBatch: plan.batch,
    data: dataSchema,
    tensors: tensors.map((tensor) => ({
      name: tensor.name,
      in: places.get(tensor.name),
      shape: tensor.shape,
      format: formatText(tensor.format),
      storage: storageOf(tensor.format),
    })),
    golden: {
      input: rows('input', golden.input),
      logits: rows('logits', golden.logits),
      labels: { in: places.get('labels'), shape: [golden.count] },
    },
    sites: plan.evaluate
      .flatMap(opConverts)
      .map(({ site, hash, from, format, drop, rounding, overflow }) => ({
        ...{ site, hash, from, format: formatText(format), drop },
        ...{ rounding: roundingText(rounding), overflow },
      })),
  };
  return JSON.stringify(text, null, 2) + '\n';
}
