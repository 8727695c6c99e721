/** Weights and golden vectors as safetensors files of int16 and int32 tensors, their formats in the metadata. */
import { formatText } from '../numerics/index.js';
import { encodeSafetensors } from '../train/index.js';
import { identifier, type ExportedFiles } from './files.js';
import { checkExport, type GoldenVectors } from './golden.js';
import type { ExportSubject } from './subject.js';

/** `<network>.safetensors`: the weights, without what only training needs; `golden.safetensors`: input, logits, labels. */
export function safetensorsFiles(subject: ExportSubject, golden: GoldenVectors): ExportedFiles {
  checkExport(subject, golden);
  const { definition, step, dataSchema, tensors } = subject;
  const { name, configuration } = definition;
  const { count, input, logits, labels } = golden;
  const about = {
    network: JSON.stringify(configuration),
    seed: String(configuration.seed),
    step: String(step),
    ...(dataSchema && { data: JSON.stringify(dataSchema) }),
  };
  const formats = Object.fromEntries(tensors.map((tensor) => [tensor.name, formatText(tensor.format)]));
  const rows = { input: formatText(input.format), logits: formatText(logits.format) };
  return new Map([
    [
      `${identifier(name)}.safetensors`,
      encodeSafetensors({
        metadata: { kind: 'fewbit-weights', ...about, formats: JSON.stringify(formats) },
        tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
      }),
    ],
    [
      'golden.safetensors',
      encodeSafetensors({
        metadata: { kind: 'fewbit-golden', ...about, formats: JSON.stringify(rows) },
        tensors: new Map([
          ['input', { shape: [count, ...input.shape], data: input.data }],
          ['logits', { shape: [count, ...logits.shape], data: logits.data }],
          ['labels', { shape: [count], data: labels }],
        ]),
      }),
    ],
  ]);
}
