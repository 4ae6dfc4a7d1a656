import {
  type AnyStatus,
  isLegal,
  isTerminal,
  type SingleTaskEvent,
  TASK_STATUSES,
  type TaskEvent,
  TRANSITIONS,
} from '@execgo/core';

const FINISHED: readonly AnyStatus[] = TASK_STATUSES.filter(isTerminal);
/** The events that change a finished task, by the table in core. */
const CHANGES_FINISHED: ReadonlySet<string> = new Set(
  (Object.keys(TRANSITIONS) as SingleTaskEvent['type'][]).filter((type) =>
    FINISHED.some((status) => isLegal(status, type)),
  ),
);

/**
 * An append, as far as it concerns finished tasks, which alone are cached. It costs nothing until somebody asks: an append of ten
 * thousand tasks that nobody reads meanwhile is never looked through.
 */
export class Change {
  private set: ReadonlySet<string> | undefined;

  constructor(private readonly events: readonly TaskEvent[]) {}

  /** The finished tasks that it replaces or removes, some perhaps twice; and new ones, which it cannot tell from them. */
  *ids(): Iterable<string> {
    for (const event of this.events) {
      if (event.type !== 'graph_submitted' && CHANGES_FINISHED.has(event.type)) yield event.task_id;
    }
  }

  concerns(id: string): boolean {
    this.set ??= new Set(this.ids());
    return this.set.has(id);
  }
}
