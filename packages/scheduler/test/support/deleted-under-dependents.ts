import type { TaskEvent } from '@execgo/core';

/** Deletions at whose moment an unfinished task depended on what they deleted, as `deleted under dependent`. */
export function deletedUnderDependents(journal: readonly TaskEvent[]): readonly string[] {
  const dependenciesOf = new Map<string, readonly string[]>();
  const found: string[] = [];
  for (const event of journal) {
    if (event.type === 'graph_submitted') continue;
    if (event.type === 'task_submitted') dependenciesOf.set(event.task_id, event.spec.depends_on);
    else if (/_(succeeded|failed|cancelled|skipped)$/.test(event.type)) dependenciesOf.delete(event.task_id);
    if (event.type !== 'task_deleted') continue;
    for (const [id, dependencies] of dependenciesOf) {
      if (dependencies.includes(event.task_id)) found.push(`${event.task_id} under ${id}`);
    }
  }
  return found;
}
