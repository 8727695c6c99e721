/** Notes on the labels of loaded data: classes that have no example, and data of one class. */
import type { DataSet } from './dataset.js';
import type { NoteBook } from './notes.js';

/** A name as a reader compares it: without case, kind of letters and number of spaces. */
const plain = (label: string): string => label.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();

/** Looks at the labels of all parts of a data set together. */
export function noteLabels(parts: readonly DataSet[], book: NoteBook): void {
  const { classes = 0, labelNames } = parts[0] ?? {};
  const counts = new Uint32Array(classes);
  for (const { labels } of parts) for (const label of labels) counts[label]! += 1;
  const isTable = parts[0]?.features instanceof Float32Array;
  const used = [...counts.keys()].filter((label) => counts[label]! > 0);
  const nameOf = (label: number): string => labelNames?.[label] ?? String(label);
  if (used.length === 1) {
    book.add(
      'all examples have one label',
      nameOf(used[0]!),
      isTable ? 'the label is the column called label or class, otherwise the last' : undefined,
    );
  }
  labelNames?.forEach((label, at) => {
    const other = labelNames.findIndex((known) => plain(known) === plain(label));
    if (other === at) return;
    const what = 'classes whose names differ in case or spaces only';
    book.add(
      what,
      `${JSON.stringify(labelNames[other]!)} and ${JSON.stringify(label)}`,
      'write equal names if they are one class',
    );
  });
  const unused = [...counts.keys()].filter((label) => counts[label] === 0);
  if (unused.length === 0) return;
  const wayOut = labelNames
    ? undefined
    : `labels count from 0, so that labels ${used[0]!} to ${classes - 1} need a network of ${classes} outputs`;
  book.add('classes without an example', nameOf(unused[0]!), wayOut, unused.length);
}
