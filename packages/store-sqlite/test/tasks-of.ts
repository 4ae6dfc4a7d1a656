import type { Task, TaskStore } from '@execgo/core';

/** Every task of a store, by id. */
export async function tasksOf(store: TaskStore): Promise<Map<string, Task>> {
  const found: Task[] = [];
  for (let before: number | undefined, isLast = false; !isLast; ) {
    const page = await store.list(before === undefined ? {} : { before });
    found.push(...page.tasks);
    before = page.next;
    isLast = before === undefined;
  }
  return new Map(found.map((task) => [task.id, task]));
}
