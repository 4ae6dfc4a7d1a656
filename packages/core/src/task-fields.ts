/** The fields a client may set on submit. */
export const CLIENT_FIELDS = [
  'id',
  'type',
  'tool_name',
  'params',
  'input',
  'execution_category',
  'depends_on',
  'retry',
  'timeout',
  'annotations',
  'priority',
  'on_interrupt',
] as const;

/** The fields the server owns: ignored on submit without being looked at, so that a fetched task can be sent again. */
export const SERVER_FIELDS = [
  'status',
  'run_status',
  'handle_id',
  'progress',
  'result',
  'runtime',
  'error',
  'created_at',
  'updated_at',
  'graph_id',
] as const;

const KNOWN: ReadonlySet<string> = new Set<string>([...CLIENT_FIELDS, ...SERVER_FIELDS]);
const MAX_EDITS = 2;

export function isKnownField(name: string): boolean {
  return KNOWN.has(name);
}

/** The known field that an unknown one was probably meant to be: at most two edits away. */
export function nearestField(name: string): string | undefined {
  for (const known of KNOWN) if (withinEdits(name, known, MAX_EDITS)) return known;
  return undefined;
}

/** Whether the Levenshtein distance of two names is at most `limit`. Takes 3^limit comparisons at most: for small limits. */
export function withinEdits(a: string, b: string, limit: number): boolean {
  return restsWithinEdits(a, 0, b, 0, limit);
}

/** The same for the rests of two names: where they differ, an edit skips a unit of one, of the other, or of both. */
function restsWithinEdits(a: string, atA: number, b: string, atB: number, limit: number): boolean {
  let [i, j] = [atA, atB];
  while (i < a.length && j < b.length && a.charCodeAt(i) === b.charCodeAt(j)) {
    i += 1;
    j += 1;
  }
  const [left, right] = [a.length - i, b.length - j];
  if (Math.abs(left - right) > limit) return false;
  if (left === 0 || right === 0) return true;
  if (limit === 0) return false;
  return (
    restsWithinEdits(a, i + 1, b, j + 1, limit - 1) ||
    restsWithinEdits(a, i + 1, b, j, limit - 1) ||
    restsWithinEdits(a, i, b, j + 1, limit - 1)
  );
}
