import { findReferences, type Json, resolveReferences, TaskSpec, type TaskStore } from '@execgo/core';

/** Whether its input or params refer to results of other tasks. */
export function hasReferences({ input, params }: TaskSpec): boolean {
  return findReferences(input).length > 0 || findReferences(params).length > 0;
}

/** The spec with its references resolved; what is stored keeps them. */
export async function withReferences(spec: TaskSpec, store: TaskStore): Promise<TaskSpec> {
  const named = [...findReferences(spec.input ?? null), ...findReferences(spec.params ?? null)].map(
    ({ $from }) => $from,
  );
  const ids = [...new Set(named)];
  const tasks = await store.getMany(ids);
  const results = new Map<string, Json | undefined>(ids.map((id, at) => [id, tasks[at]?.result]));
  const fill = (value: Json | undefined) =>
    value === undefined ? undefined : resolveReferences(value, (id) => results.get(id));
  const params = fill(spec.params);
  return new TaskSpec(
    spec.id,
    spec.type,
    spec.tool_name,
    params,
    spec.input === spec.params ? params : fill(spec.input),
    spec.execution_category,
    spec.depends_on,
    spec.retry,
    spec.timeout,
    spec.annotations,
    spec.priority,
    spec.on_interrupt,
  );
}
