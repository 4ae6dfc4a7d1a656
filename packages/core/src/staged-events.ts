import { applyEvent } from './apply-event.js';
import type { GraphSubmitted, TaskEvent } from './event.js';
import type { Task } from './task.js';

/** What a batch of events makes of the tasks it touches, not yet visible. */
export class StagedEvents {
  /** In step: a task, and what it becomes; undefined = deleted. A task submitted twice is in it twice. */
  readonly ids: string[] = [];
  readonly tasks: (Task | undefined)[] = [];
  /** In step: the task as it was before this batch; undefined = absent. */
  readonly before: (Task | undefined)[] = [];
  readonly graphs: GraphSubmitted[] = [];
  /** Some task was submitted once more after it had changed: it is in the arrays twice. */
  repeats = false;
  /** Place of each id in the arrays. Made when a batch first changes a task: a large submission never needs it. */
  private places: Map<string, number> | undefined;

  constructor(private readonly committed: ReadonlyMap<string, Task>) {}

  add(event: TaskEvent): void {
    if (event.type === 'graph_submitted') {
      this.graphs.push(event);
      return;
    }
    const id = event.task_id;
    if (event.type !== 'task_submitted') this.places ??= new Map(this.ids.map((known, place) => [known, place]));
    const place = this.places?.get(id);
    const before = place === undefined ? this.committed.get(id) : this.tasks[place];
    const after = applyEvent(before, event);
    // Committed in this order: a task submitted again is the newest.
    if (place === undefined || event.type === 'task_submitted') {
      if (place !== undefined) this.repeats = true;
      this.places?.set(id, this.ids.length);
      this.ids.push(id);
      this.tasks.push(after);
      this.before.push(before);
    } else {
      this.tasks[place] = after;
    }
  }
}
