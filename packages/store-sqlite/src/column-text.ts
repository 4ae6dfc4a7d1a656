const ESCAPED = '\u0001';
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A text as a column holds it. SQLite keeps UTF-8, in which a lone surrogate has no form (it would come back as U+FFFD, and two
 * ids would be one), and other programs end a text at NUL: such a text is kept as JSON behind U+0001. Every text has one form,
 * and no two share one, so that equality in a query is equality of the texts.
 */
export function toColumn(text: string): string {
  const isOdd = text.charCodeAt(0) === 1 || text.includes('\0') || LONE_SURROGATE.test(text);
  return isOdd ? ESCAPED + JSON.stringify(text) : text;
}

/** The text that `toColumn` was given. */
export function fromColumn(column: string): string {
  return column.startsWith(ESCAPED) ? (JSON.parse(column.slice(1)) as string) : column;
}
