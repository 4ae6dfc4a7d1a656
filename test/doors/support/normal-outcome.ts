import { isJsonObject, type Json, type JsonObject } from '@execgo/core';
import { expect } from 'vitest';
import type { Outcome } from './door.js';

const GRAPH_ID = /^g[0-9a-z]+-[0-9a-f]{8}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const POSITIVE = /^[1-9]\d*$/;

/** What a listing of MCP shows of a task; lists are compared by these fields. */
const SUMMARY_FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'type', 'tool_name', 'depends_on', 'status', 'run_status', 'error'],
  ...['graph_id', 'created_at', 'updated_at'],
]);

/** How the doors write the same thing differently, and why. Applied to what every door answers, before it is compared. */
const WRITTEN_DIFFERENTLY: readonly {
  readonly what: string;
  readonly reason: string;
  apply(task: Record<string, unknown>): void;
}[] = [
  {
    what: 'runtime.output is left out',
    reason: 'HTTP repeats `result` there, as the first version did; gRPC and MCP carry it once',
    apply({ runtime, result }) {
      if (!isJsonObject(runtime) || !('output' in runtime)) return;
      expect(runtime.output).toEqual(result);
      delete runtime.output;
    },
  },
  {
    what: 'a `retryable` that is false is left out',
    reason: 'proto3 does not tell a false field from an absent one',
    apply({ runtime }) {
      if (isJsonObject(runtime) && isJsonObject(runtime.error) && runtime.error.retryable === false) {
        delete runtime.error.retryable;
      }
    },
  },
  {
    what: 'ids of graphs and processes, and times, are left out once they are seen to be some',
    reason: 'they are others at every submission',
    apply(task) {
      takeOut(task, 'graph_id', GRAPH_ID);
      takeOut(task, 'created_at', TIME);
      takeOut(task, 'updated_at', TIME);
      const { runtime } = task;
      if (!isJsonObject(runtime)) return;
      if ('started_at' in runtime) takeOut(runtime, 'started_at', TIME);
      if ('finished_at' in runtime) takeOut(runtime, 'finished_at', TIME);
      // 0 is left out by every door.
      if ('duration_ms' in runtime) takeOut(runtime, 'duration_ms', POSITIVE);
      if (isJsonObject(runtime.details) && 'pid' in runtime.details) takeOut(runtime.details, 'pid', POSITIVE);
    },
  },
];

export interface NormalOptions {
  /** What the ids of this visit begin with, to be taken out of every text. */
  readonly prefix: string;
  /** The tasks of a list. */
  readonly isList: boolean;
}

/** An outcome as it is compared: without what differs from one visit to the next. */
export function normalOutcome(outcome: Outcome, { prefix, isList }: NormalOptions): Json {
  const text = JSON.stringify(outcome);
  const plain = JSON.parse(prefix === '' ? text : text.replaceAll(prefix, ''));
  if (!('ok' in outcome)) return plain;
  const { tasks, receipt, graph, next } = plain;
  return {
    ok: true,
    ...(tasks !== undefined && { tasks: tasks.map((task: JsonObject) => normalTask(task, isList)) }),
    ...(receipt !== undefined && { receipt: normalReceipt(receipt) }),
    ...(graph !== undefined && { graph: withoutGraphId(graph) }),
    ...(next !== undefined && { next: 'somewhere' }),
  };
}

function normalTask(task: JsonObject, isList: boolean): JsonObject {
  const fields = Object.entries(task).filter(([name]) => !isList || SUMMARY_FIELDS.has(name));
  const plain = Object.fromEntries(fields);
  for (const { apply } of WRITTEN_DIFFERENTLY) apply(plain);
  return plain as JsonObject;
}

/** HTTP leaves out `warnings` where there are none. */
function normalReceipt({ warnings = [], ...receipt }: JsonObject): JsonObject {
  return { ...withoutGraphId(receipt), warnings };
}

function withoutGraphId(holder: JsonObject): JsonObject {
  const plain: Record<string, unknown> = { ...holder };
  takeOut(plain, 'graph_id', GRAPH_ID);
  return plain as JsonObject;
}

function takeOut(holder: Record<string, unknown>, name: string, form: RegExp): void {
  expect(String(holder[name]), name).toMatch(form);
  delete holder[name];
}

/** With its keys in order, so that two texts are equal where the values are, whatever keys they have. */
export function orderedText(value: Json): string {
  return JSON.stringify(inOrder(value), null, 2);
}

function inOrder(value: Json): Json {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, inOrder(item)]));
}
