import { ExecGoError } from './errors.js';
import { isJsonObject } from './json.js';
import { parseTask } from './parse-task.js';
import { SLICE_TASKS, type Sliced } from './slices.js';
import type { TaskSpec } from './task.js';
import { withinEdits } from './task-fields.js';
import { invalidJson, kindOf, type TaskInput } from './task-schema.js';

/** What `Kernel.submit` takes: the body of `POST /tasks`. */
export interface TaskGraphInput {
  readonly tasks: readonly TaskInput[];
}

export interface ParsedGraph {
  readonly specs: readonly TaskSpec[];
  /** Sentences on what was ignored. */
  readonly warnings: readonly string[];
}

/**
 * The tasks of a submitted graph, types checked and normalised; whether they form a graph is for `validateGraph` to say.
 *
 * @throws ExecGoError `invalid_input` (message `invalid JSON: …` naming the path), `too_large` for more than `maxTasks`
 */
export function* parseGraph(raw: unknown, maxTasks: number): Sliced<ParsedGraph> {
  if (!isJsonObject(raw)) throw invalidJson('', `expected an object with tasks, got ${kindOf(raw)}`);
  const tasks = raw.tasks ?? [];
  if (!Array.isArray(tasks)) throw invalidJson('tasks', `expected an array, got ${kindOf(tasks)}`);
  if (tasks.length > maxTasks) {
    throw new ExecGoError('too_large', `tasks: ${tasks.length} tasks in one graph, the limit is ${maxTasks}`, {
      details: { field: 'tasks', limit: maxTasks },
    });
  }
  const warnings: string[] = [];
  for (const name in raw) {
    if (name === 'tasks') continue;
    if (withinEdits(name, 'tasks', 2)) throw invalidJson(name, `unknown field "${name}"; did you mean "tasks"?`);
    warnings.push(`unknown field ${JSON.stringify(name)} is ignored`);
    if (warnings.length >= 100) break;
  }
  const specs = new Array<TaskSpec>(tasks.length);
  for (let at = 0; at < tasks.length; at += 1) {
    if (at > 0 && at % SLICE_TASKS === 0) yield;
    specs[at] = parseTask(tasks[at], at, warnings);
  }
  return { specs, warnings };
}
