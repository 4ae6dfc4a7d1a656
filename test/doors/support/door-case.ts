import type { ApiErrorCode, JsonObject } from '@execgo/core';
import type { Visit } from './visit.js';

export interface DoorCase {
  readonly name: string;
  /** Its ids are taken as they are, one door after the other; else each visit has ids of its own. */
  readonly exactIds?: true;
  run(visit: Visit): Promise<void>;
  /** What the steps come to, as far as it matters here. That all doors agree on the rest too is checked for every case. */
  readonly expected: readonly unknown[];
}

export function accepted(...task_ids: readonly string[]) {
  return { ok: true, receipt: { accepted: task_ids.length, task_ids } };
}

export function shown(id: string, fields: JsonObject) {
  return { ok: true, tasks: [{ id, ...fields }] };
}

export function listed(...ids: readonly string[]) {
  return { ok: true, tasks: ids.map((id) => ({ id })) };
}

export function refused(code: ApiErrorCode, message: unknown) {
  return { error: { code, message } };
}

export const SUCCEEDED = { status: 'success', run_status: 'success' } as const;

/** A case whose whole point is that a graph is refused. */
export function refusedGraph(
  name: string,
  graph: JsonObject | ((id: Visit['id']) => JsonObject),
  message: unknown,
  code: ApiErrorCode = 'invalid_input',
): DoorCase {
  return {
    name,
    run: async ({ id, submitGraph }) => void (await submitGraph(typeof graph === 'function' ? graph(id) : graph)),
    expected: [refused(code, message)],
  };
}
