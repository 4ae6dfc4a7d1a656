import type { MessageInitShape } from '@bufbuild/protobuf';
import { isJsonObject, type Json, type JsonObject, setOwn } from '@execgo/core';
import type {
  Progress,
  RunError,
  Runtime,
  SubmitTasksResponse,
  Task,
  TaskGraphSchema,
  TaskSchema,
} from '../../../packages/server-grpc/src/gen/execgo/v1/execgo_pb.js';
import { NotOffered } from './door.js';

const NO_SUCH_FIELD = 'a message of protobuf has the fields of its schema and no other';
const NO_SUCH_TYPE = 'a field of protobuf takes values of its own type and no other';

type Into = (value: Json) => unknown;

/** The library takes a value of another type for one of the field's own. @throws NotOffered for a value that is none */
function only(isOne: (value: Json) => boolean, into: Into = (value) => value): Into {
  return (value) => {
    if (!isOne(value)) throw new NotOffered(NO_SUCH_TYPE);
    return into(value);
  };
}

// What is no Unicode has no UTF-8.
const isText = (value: Json) => typeof value === 'string' && Buffer.from(value).toString() === value;
const text = only(isText);
const whole = only(Number.isInteger);
const json: Into = (value) => JSON.stringify(value);
const unixMs = only(isText, (value) => BigInt(Date.parse(String(value))));
const texts = only((value) => Array.isArray(value) && value.every(isText));
const textMap = only((value) => isJsonObject(value) && Object.values(value as JsonObject).every(isText));

/** Every field of a task by its name on the wire, with its name in the message and the way into it. */
const FIELDS: ReadonlyMap<string, readonly [name: string, into: Into]> = new Map([
  ['id', ['id', text]],
  ['type', ['type', text]],
  ['tool_name', ['toolName', text]],
  ['params', ['paramsJson', json]],
  ['input', ['inputJson', json]],
  ['execution_category', ['executionCategory', text]],
  ['depends_on', ['dependsOn', texts]],
  ['retry', ['retry', whole]],
  ['timeout', ['timeoutMs', only(Number.isInteger, (value) => BigInt(Number(value)))]],
  ['annotations', ['annotations', textMap]],
  ['priority', ['priority', whole]],
  ['on_interrupt', ['onInterrupt', text]],
  ['status', ['status', text]],
  ['run_status', ['runStatus', text]],
  ['result', ['resultJson', json]],
  ['error', ['error', text]],
  ['graph_id', ['graphId', text]],
  ['created_at', ['createdAtUnixMs', unixMs]],
  ['updated_at', ['updatedAtUnixMs', unixMs]],
]);

/** @throws NotOffered for what the message cannot say */
export function graphMessage(graph: JsonObject): MessageInitShape<typeof TaskGraphSchema> {
  const { tasks = [], ...others } = graph;
  if (Object.keys(others).length > 0) throw new NotOffered(NO_SUCH_FIELD);
  if (!Array.isArray(tasks)) throw new NotOffered(NO_SUCH_TYPE);
  return { tasks: tasks.map(taskMessage) };
}

function taskMessage(task: Json): MessageInitShape<typeof TaskSchema> {
  if (!isJsonObject(task)) throw new NotOffered(NO_SUCH_TYPE);
  const message: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(task)) {
    const field = FIELDS.get(name);
    if (field === undefined) throw new NotOffered(NO_SUCH_FIELD);
    if (value !== null) message[field[0]] = field[1](value as Json);
  }
  return message as MessageInitShape<typeof TaskSchema>;
}

export function receiptOf({ accepted, taskIds, graphId, warnings }: SubmitTasksResponse): JsonObject {
  return { accepted, task_ids: taskIds, graph_id: graphId, warnings };
}

/** A message as the JSON of the wire has it: what is empty is absent, and times are texts. */
export function taskOf(task: Task): JsonObject {
  return present({
    id: task.id,
    type: task.type,
    tool_name: task.toolName,
    params: parsed(task.paramsJson),
    input: parsed(task.inputJson),
    execution_category: task.executionCategory,
    depends_on: task.dependsOn,
    retry: task.retry,
    timeout: Number(task.timeoutMs),
    annotations: ownCopy(task.annotations),
    priority: task.priority,
    on_interrupt: task.onInterrupt,
    status: task.status,
    run_status: task.runStatus,
    handle_id: task.handleId,
    progress: task.progress.map(progressOf),
    result: parsed(task.resultJson),
    runtime: task.runtime === undefined ? undefined : runtimeOf(task.runtime),
    error: task.error,
    created_at: time(task.createdAtUnixMs),
    updated_at: time(task.updatedAtUnixMs),
    graph_id: task.graphId,
  });
}

function runtimeOf(runtime: Runtime): JsonObject {
  return present({
    status: runtime.status,
    handle_id: runtime.handleId,
    started_at: time(runtime.startedAtUnixMs),
    finished_at: time(runtime.finishedAtUnixMs),
    duration_ms: Number(runtime.durationMs),
    attempt: runtime.attempt,
    details: parsed(runtime.detailsJson),
    error: runtime.error === undefined ? undefined : errorOf(runtime.error),
  });
}

function errorOf({ code, message, retryable, source, detailsJson }: RunError): JsonObject {
  return present({ code, message, retryable, source, details: parsed(detailsJson) });
}

function progressOf({ timestampUnixMs, message, dataJson }: Progress): JsonObject {
  return present({ timestamp: time(timestampUnixMs), message, data: parsed(dataJson) });
}

function parsed(text: string): Json | undefined {
  return text === '' ? undefined : JSON.parse(text);
}

function time(unixTime: bigint): string | undefined {
  return unixTime === 0n ? undefined : new Date(Number(unixTime)).toISOString();
}

/** With every key as its own, `__proto__` too. */
function ownCopy(map: Readonly<Record<string, string>>): JsonObject {
  const copy: JsonObject = {};
  for (const [key, value] of Object.entries(map)) setOwn(copy as Record<string, unknown>, key, value);
  return copy;
}

const HOLDS_JSON = new Set(['params', 'input', 'result', 'details', 'data']);

/** Without the fields that are empty; an empty value of JSON, in a field that holds one, is a value. */
function present(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  const kept = Object.entries(fields).filter(
    ([name, value]) => value !== undefined && (HOLDS_JSON.has(name) || !isEmpty(value)),
  );
  return Object.fromEntries(kept) as JsonObject;
}

function isEmpty(value: Json): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === '' || value === 0 || value === false;
}
