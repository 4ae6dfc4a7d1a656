import { type JsonObject, type Task, toWire } from '@execgo/core';

/** A task as an agent is shown it: as the wire carries it, without the copy of its result in `runtime.output`. */
export function agentTask(task: Task): JsonObject {
  const wire = toWire(task);
  const { runtime } = wire;
  if (typeof runtime !== 'object' || runtime === null || Array.isArray(runtime)) return wire;
  const { output: _repeated, ...rest } = runtime as JsonObject;
  return { ...wire, runtime: rest };
}

const SUMMARY_FIELDS = [
  'id',
  'type',
  'tool_name',
  'depends_on',
  'status',
  'run_status',
  'error',
  'graph_id',
  'created_at',
  'updated_at',
] as const;

/** What a listing shows of a task: how it stands, without what went in and what came out, which can be large. */
export function taskSummary(task: Task): JsonObject {
  const wire = toWire(task);
  return Object.fromEntries(SUMMARY_FIELDS.flatMap((name) => (wire[name] === undefined ? [] : [[name, wire[name]]])));
}
