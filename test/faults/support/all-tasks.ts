import type { Task, TaskStore } from '@execgo/core';

/** Every task of an open store, by id, read page by page. */
export async function allTasks(store: TaskStore): Promise<Map<string, Task>> {
  const tasks = new Map<string, Task>();
  for (let before: number | undefined; ; ) {
    const page = await store.list({ limit: 500, ...(before !== undefined && { before }) });
    for (const task of page.tasks) tasks.set(task.id, task);
    before = page.next;
    if (before === undefined) return tasks;
  }
}
