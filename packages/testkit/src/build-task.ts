import { type TaskGraphInput, type TaskInput, TaskSpec } from '@execgo/core';

/** A task as a client sends it. @default id 'a', type 'os', tool_name 'noop' */
export function taskInput(fields: Partial<TaskInput> = {}): TaskInput {
  return { id: 'a', type: 'os', tool_name: 'noop', ...fields };
}

/**
 * A graph as a client sends it: either its tasks, or for each id the ids it depends on.
 *
 * @example graphInput({ fetch: [], parse: ['fetch'] })
 */
export function graphInput(tasks: readonly TaskInput[] | Readonly<Record<string, readonly string[]>>): TaskGraphInput {
  if (isList(tasks)) return { tasks };
  return { tasks: Object.entries(tasks).map(([id, depends_on]) => taskInput({ id, depends_on: [...depends_on] })) };
}

/** A normalised spec with the same defaults as `taskInput`; nothing is checked. */
export function spec(fields: Partial<TaskSpec> = {}): TaskSpec {
  return new TaskSpec(
    fields.id ?? 'a',
    fields.type ?? 'os',
    'tool_name' in fields ? fields.tool_name : 'noop',
    fields.params,
    fields.input,
    fields.execution_category,
    fields.depends_on ?? [],
    fields.retry ?? 0,
    fields.timeout ?? 0,
    fields.annotations,
    fields.priority ?? 0,
    fields.on_interrupt ?? 'retry',
  );
}

function isList(tasks: object): tasks is readonly TaskInput[] {
  return Array.isArray(tasks);
}
