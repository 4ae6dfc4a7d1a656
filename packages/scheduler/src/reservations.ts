import { ExecGoError } from '@execgo/core';

/**
 * Ids that something under way relies on, so that a deletion, a replacement and a new dependent of one task cannot overlap:
 * a submission holds the finished tasks it depends on, a deletion holds the task it deletes. What retention prunes is held
 * too, and nobody is refused for that: who asks for such a task waits until it is gone.
 */
export class Reservations {
  private readonly deleting = new Set<string>();
  private readonly dependedOn = new Map<string, number>();
  /** Each with the end of the append that deletes it. */
  private readonly pruned = new Map<string, Promise<void>>();

  /** Whether somebody holds the id: retention leaves it alone. */
  isHeld(id: string): boolean {
    return this.deleting.has(id) || this.dependedOn.has(id);
  }

  /** @throws ExecGoError `conflict` for an id that is just being deleted, or depended on */
  refuse(id: string): void {
    this.refuseDeleting(id);
    if (this.dependedOn.size > 0 && this.dependedOn.has(id))
      throw conflict(id, 'is a dependency of a graph that is just being submitted');
  }

  /** @throws as `refuse` */
  holdForDeletion(id: string): () => void {
    this.refuse(id);
    this.deleting.add(id);
    return () => {
      this.deleting.delete(id);
    };
  }

  /** @throws ExecGoError `conflict` for a task that is just being deleted */
  holdAsDependencies(ids: ReadonlySet<string>): () => void {
    for (const id of ids) this.refuseDeleting(id);
    for (const id of ids) this.dependedOn.set(id, (this.dependedOn.get(id) ?? 0) + 1);
    return () => {
      for (const id of ids) {
        const others = (this.dependedOn.get(id) ?? 0) - 1;
        if (others > 0) this.dependedOn.set(id, others);
        else this.dependedOn.delete(id);
      }
    };
  }

  /** @param gone resolves when none of these tasks is there any more */
  holdPruned(tasks: readonly { readonly id: string }[], gone: Promise<void>): () => void {
    for (const { id } of tasks) this.pruned.set(id, gone);
    return () => {
      for (const { id } of tasks) if (this.pruned.get(id) === gone) this.pruned.delete(id);
    };
  }

  /**
   * Resolves when those of these tasks are gone that are just being pruned; undefined when none is. Who holds them before it asks
   * finds them as they stay.
   * @throws ExecGoError `unavailable` when the store refuses to delete them
   */
  whenPruned(ids: Iterable<string>): Promise<unknown> | undefined {
    if (this.pruned.size === 0) return undefined;
    const underWay = [...ids].flatMap((id) => this.pruned.get(id) ?? []);
    return underWay.length === 0 ? undefined : Promise.all(underWay);
  }

  private refuseDeleting(id: string): void {
    if (this.deleting.size > 0 && this.deleting.has(id)) throw conflict(id, 'is just being deleted');
  }
}

function conflict(id: string, state: string): ExecGoError {
  return new ExecGoError('conflict', `task "${id}" ${state}`, { details: { task_id: id } });
}
