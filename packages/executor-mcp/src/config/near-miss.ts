const MAX_EDITS = 2;
/** With two edits a name this short becomes any other: `dev` would be taken for `env`. */
const SHORT = { length: 4, maxEdits: 1 };

/** The known name that an unknown one was probably meant to be: two edits away, of short names one; letter case aside. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  return known.find((other) => {
    const isShort = Math.min(name.length, other.length) <= SHORT.length;
    return editDistance(name.toLowerCase(), other.toLowerCase()) <= (isShort ? SHORT.maxEdits : MAX_EDITS);
  });
}

/** Levenshtein distance, row by row. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_EDITS) return MAX_EDITS + 1;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
