// Puts the tables of an earlier run into docs/performance.md, between the marks of each part, and its chart beside it.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const MARKS = /<!-- bench: (\w+) -->\n[^]*?<!-- bench: end -->/g;

/** The document with new contents between its marks: `tables` gives a part's, or undefined to leave what is there. */
export function filled(document, tables) {
  return document.replace(MARKS, (before, part) => {
    const text = tables(part);
    return text === undefined ? before : `<!-- bench: ${part} -->\n\n${text.trim()}\n\n<!-- bench: end -->`;
  });
}

export function fillDocument(folder, progress) {
  const path = join(DOCS, 'performance.md');
  const parts = [];
  const document = filled(readFileSync(path, 'utf8'), (part) => {
    const results = join(folder, `${part}.md`);
    if (!existsSync(results)) return undefined;
    parts.push(part);
    return readFileSync(results, 'utf8');
  });
  if (parts.length === 0) {
    throw new RangeError(`bench: --document needs a folder with results, got none in ${folder}`);
  }
  writeFileSync(path, document);
  if (parts.includes('scaling')) copyFileSync(join(folder, 'scaling.svg'), join(DOCS, 'scaling.svg'));
  progress.note(`docs/performance.md: ${parts.join(', ')} from ${folder}`);
}
