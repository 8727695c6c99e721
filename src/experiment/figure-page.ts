/** Figures and tables as one HTML file with nothing to load, light or dark as the reader's system is. */
import { escaped } from './draw/theme.js';
import { htmlPage, htmlTable as tableOfHtml } from './draw/page.js';

/** A page: its title, and sections of ready HTML. */
export function figurePage(title: string, sections: readonly string[]): string {
  return htmlPage(title, sections.join('\n'));
}

/** A table of plain texts; the first column is aligned left. */
export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(escaped));
  return `<div class="wide">${tableOfHtml(head.map(escaped), cells)}</div>`;
}
