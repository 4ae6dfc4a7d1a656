import { jsonSize } from './json.js';
import { MAX_PAGE_BYTES, type TaskQuery } from './ports/task-store.js';
import type { Task } from './task.js';

/** Bytes a task is counted with in a page, besides its input and result. */
const TASK_OVERHEAD_BYTES = 300;

/** Whether a task is among those that a query asks for, its place in the order apart. */
export function matches(task: Task, query: TaskQuery): boolean {
  if (query.status !== undefined && task.status !== query.status) return false;
  if (query.type !== undefined && task.spec.type !== query.type) return false;
  if (query.graph_id !== undefined && task.graph_id !== query.graph_id) return false;
  if (query.handle_id !== undefined && task.handle_id !== query.handle_id) return false;
  for (const [key, value] of Object.entries(query.annotations ?? {})) {
    const annotations = task.spec.annotations;
    if (annotations === undefined || !Object.hasOwn(annotations, key) || annotations[key] !== value) return false;
  }
  return true;
}

/** What a task counts in a page of a listing, in bytes, about. */
export function sizeInPage(task: Task): number {
  const { params, input } = task.spec;
  let bytes = TASK_OVERHEAD_BYTES;
  if (params !== undefined) bytes += jsonSize(params, MAX_PAGE_BYTES);
  if (input !== undefined && input !== params) bytes += jsonSize(input, MAX_PAGE_BYTES);
  if (task.result !== undefined) bytes += jsonSize(task.result, MAX_PAGE_BYTES);
  return bytes;
}
