/** Reads the schema of data back from JSON: that of a checkpoint or of a run folder. What it means is in the data room. */
import { z } from 'zod';
import type { DataSchema } from '../data/index.js';
import type { NetworkDefinition } from '../nn/index.js';
import { InputError } from '../numerics/index.js';
import { elements } from '../plan/index.js';

const size = z.int().min(1);
const names = z.array(z.string());
const numbers = z.array(z.number());

const dataSchema = z.strictObject({
  kind: z.enum(['pixels', 'values']),
  shape: z.union([z.tuple([size]), z.tuple([size, size, size])]),
  columns: z.strictObject({ features: names, label: z.string() }).optional(),
  classes: size,
  labelNames: names.optional(),
  normalizer: z
    .strictObject({
      kind: z.enum(['standardize', 'minmax']),
      offset: numbers,
      scale: numbers,
      shift: z.number(),
      pixels: z.literal(true).optional(),
    })
    .optional(),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/**
 * Checks a schema that comes from a file.
 * @param who begins the message of an error
 * @throws RangeError naming the field, or the list that has not one entry for each feature or class
 */
export function parseDataSchema(value: unknown, who: string): DataSchema {
  const parsed = dataSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.map(String).join('.') ?? '';
    throw new InputError(
      `${who}: must be the schema of data, got a fault in ${field === '' ? 'the whole' : field}: ${issue?.message ?? ''}`,
    );
  }
  // A property that is absent was not added as undefined.
  const schema = parsed.data as DataSchema;
  const { shape, columns, classes, labelNames, normalizer } = schema;
  const features = elements(shape);
  const lists = [
    ['columns.features', columns?.features, features],
    ['labelNames', labelNames, classes],
    ['normalizer.offset', normalizer?.offset, features],
    ['normalizer.scale', normalizer?.scale, features],
  ] as const;
  for (const [field, list, expected] of lists) {
    if (list === undefined || list.length === expected) continue;
    throw new InputError(`${who}: ${field} must have ${expected} entries, got ${list.length}`);
  }
  return schema;
}

/**
 * The schema of the data of a network.
 * @throws RangeError as parseDataSchema, and if the network has another number of inputs or outputs
 */
export function dataSchemaFor(
  value: unknown,
  who: string,
  { classes, inputShape }: NetworkDefinition,
): DataSchema {
  const schema = parseDataSchema(value, who);
  if (schema.classes === classes && elements(schema.shape) === elements(inputShape)) return schema;
  throw new InputError(
    `${who}: must be of the network's input [${inputShape.join(', ')}] and ${classes} classes, got [${schema.shape.join(', ')}] and ${schema.classes}`,
  );
}
