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

/** Whether the Levenshtein distance of two short names is at most `limit`. */
export function withinEdits(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) > limit) return false;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return (previous[b.length] ?? 0) <= limit;
}
