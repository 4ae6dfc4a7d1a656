import { ExecGoError } from '@execgo/core';

/**
 * Ids that something under way relies on, so that a deletion, a replacement and a new dependent of one task cannot overlap:
 * a submission holds the finished tasks it depends on, a deletion holds the task it deletes.
 */
export class Reservations {
  private readonly deleting = new Set<string>();
  private readonly dependedOn = new Map<string, number>();

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

  private refuseDeleting(id: string): void {
    if (this.deleting.size > 0 && this.deleting.has(id)) throw conflict(id, 'is just being deleted');
  }
}

function conflict(id: string, state: string): ExecGoError {
  return new ExecGoError('conflict', `task "${id}" ${state}`, { details: { task_id: id } });
}
