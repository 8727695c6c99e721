/** The heat map of two fields as a table of a page: a mean error a cell, shaded from the smallest to the largest; a cross if a run diverged. */
import { escaped, fixed } from '../draw/svg.js';
import { percentText } from '../draw/text.js';
import type { HeatCell, HeatMap } from './sweep-series.js';

/** Shares of colour, in percent, of the smallest and of the largest error. */
const SHADES = { low: 6, high: 62 };

/** The table, and the scale of its shades below. */
export function heatTable({ x, y, columns, rows }: HeatMap): string {
  const errors = rows.flatMap(({ cells }) => cells.flatMap((cell) => cell?.error?.mean ?? []));
  const low = Math.min(...errors);
  const high = Math.max(...errors);
  const cellText = (cell: HeatCell | null): string => {
    if (cell === null) return '<span class="none">·</span>';
    const { error, diverged, runs } = cell;
    if (error === null) {
      return diverged === 0
        ? '<span class="none">not done</span>'
        : `<b class="bad">✕</b><small>${runs === 1 ? 'diverged' : `${diverged} of ${runs} diverged`}</small>`;
    }
    const text = error.mean === low ? `<b>${percentText(error.mean)}</b>` : percentText(error.mean);
    const range =
      error.low === error.high ? '' : `<small>${error.low.toFixed(2)} to ${error.high.toFixed(2)}</small>`;
    return text + range;
  };
  const td = (cell: HeatCell | null, span: number): string => {
    const error = cell?.error?.mean;
    const shade = error === undefined ? '' : ` style="--v: ${fixed(shadeOf(error, low, high))}%"`;
    return `<td${span > 1 ? ` colspan="${span}"` : ''}${shade}>${cellText(cell)}</td>`;
  };
  const body = rows.map(({ value, cells, isWide }) => {
    const drawn = cells.map((cell) => td(cell, isWide ? columns.length : 1));
    return `<tr><th scope="row">${escaped(value)}</th>${drawn.join('')}</tr>`;
  });
  const scale =
    errors.length < 2
      ? ''
      : `<p class="scale"><span>${percentText(low)}</span><span class="ramp"></span><span>${percentText(high)}</span></p>`;
  return `<div class="wide"><table class="heat"><thead><tr><th>${escaped(y)}</th><th colspan="${Math.max(columns.length, 1)}">${escaped(x)}</th></tr><tr><th></th>${columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>${scale}`;
}

/** Errors lie between a fraction of a percent and chance, so shades go by ratio to the smallest. */
function shadeOf(error: number, low: number, high: number): number {
  if (high <= low) return SHADES.low;
  // A share of the way by ratio, from repeated square roots: engines round these alike, a logarithm they do not.
  let from = Math.max(low, 0.01);
  let to = Math.max(high, 0.01);
  let share = 0;
  const at = Math.max(error, 0.01);
  for (let part = 0.5; part > 0.002; part /= 2) {
    const middle = Math.sqrt(from * to);
    if (at >= middle) {
      share += part;
      from = middle;
    } else to = middle;
  }
  return error === high ? SHADES.high : SHADES.low + (SHADES.high - SHADES.low) * share;
}

/** Rules for a page with a heat map. */
export const HEAT_CSS = `
.heat td, .heat th { text-align: center; padding: .45rem .9rem; border: 2px solid var(--page); } .heat th { border-color: transparent; }
.heat td { background: color-mix(in srgb, var(--bad) var(--v, 0%), var(--page)); min-width: 5.5rem; } .heat small { display: block; color: inherit; opacity: .8; font-size: 11.5px; } .heat tbody th { text-align: left; }
.heat .none { color: var(--muted); } .bad { color: var(--bad); }
.scale { display: flex; align-items: center; gap: .6rem; font-size: 12px; color: var(--muted); margin: .4rem 0; } .ramp { width: 10rem; height: .7rem; border-radius: .2rem; background: linear-gradient(to right, color-mix(in srgb, var(--bad) ${SHADES.low}%, var(--page)), color-mix(in srgb, var(--bad) ${SHADES.high}%, var(--page))); }
`;
