import { plainLine } from './plain-text.js';
import { cutToWidth, padToWidth, textWidth } from './text-width.js';

const GAP = '  ';
/** No column but the last is wider. */
const MAX_COLUMN = 40;

/** Rows under their heads, cut to the width of the terminal; the values may hold anything. */
export function textTable(heads: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  const lines = [heads, ...rows].map((row) => row.map(plainLine));
  const widths = heads.map((_, at) => Math.min(MAX_COLUMN, Math.max(...lines.map((row) => textWidth(row[at] ?? '')))));
  const text = lines.map((row) => {
    const cells = row.map((cell, at) => {
      const width = widths[at] ?? 0;
      return at === row.length - 1 ? cell : padToWidth(cutToWidth(cell, width), width);
    });
    return cutToWidth(cells.join(GAP), columns).trimEnd();
  });
  return `${text.join('\n')}\n`;
}
