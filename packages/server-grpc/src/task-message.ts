import { create } from '@bufbuild/protobuf';
import {
  type Json,
  type OnInterrupt,
  type ProgressEntry,
  type RuntimeError,
  setOwn,
  type Task,
  type TaskRuntime,
  type TaskSpec,
} from '@execgo/core';
import {
  type Progress as ProgressMessage,
  ProgressSchema,
  type RunError as RunErrorMessage,
  RunErrorSchema,
  type Runtime as RuntimeMessage,
  RuntimeSchema,
  type Task as TaskMessage,
  TaskSchema,
} from './gen/execgo/v1/execgo_pb.js';

const MAX_INT32 = 2 ** 31 - 1;

/** A task as `execgo.v1.Task` carries it. */
export function taskMessage(task: Task): TaskMessage {
  const { spec, runtime } = task;
  return create(TaskSchema, {
    ...specFields(spec),
    status: task.status,
    error: task.error ?? '',
    createdAtUnixMs: int64(task.created_at),
    updatedAtUnixMs: int64(task.updated_at),
    graphId: task.graph_id,
    ...(runtime !== undefined && {
      resultJson: jsonText(runtime.output),
      runStatus: runtime.status,
      handleId: runtime.handle_id ?? '',
      progress: (runtime.progress ?? []).map(progressMessage),
      runtime: runtimeMessage(runtime),
    }),
  });
}

function specFields(spec: TaskSpec) {
  return {
    id: spec.id,
    type: spec.type,
    toolName: spec.tool_name ?? '',
    paramsJson: jsonText(spec.params),
    inputJson: jsonText(spec.input),
    executionCategory: spec.execution_category ?? '',
    dependsOn: [...spec.depends_on],
    retry: int32(spec.retry),
    timeoutMs: int64(spec.timeout),
    annotations: ownCopy(spec.annotations ?? {}),
    priority: int32(spec.priority),
    onInterrupt: spec.on_interrupt === DEFAULT_ON_INTERRUPT ? '' : spec.on_interrupt,
  };
}

const DEFAULT_ON_INTERRUPT: OnInterrupt = 'retry';

function runtimeMessage(runtime: TaskRuntime): RuntimeMessage {
  const { started_at, finished_at, error } = runtime;
  const isMeasured = started_at !== undefined && finished_at !== undefined;
  return create(RuntimeSchema, {
    status: runtime.status,
    handleId: runtime.handle_id ?? '',
    startedAtUnixMs: int64(started_at ?? 0),
    finishedAtUnixMs: int64(finished_at ?? 0),
    durationMs: int64(isMeasured ? Math.max(0, finished_at - started_at) : 0),
    attempt: int32(runtime.attempt),
    detailsJson: jsonText(runtime.details),
    ...(error !== undefined && { error: errorMessageOf(error) }),
  });
}

function errorMessageOf(error: RuntimeError): RunErrorMessage {
  return create(RunErrorSchema, {
    code: error.code,
    message: error.message,
    retryable: error.retryable ?? false,
    source: error.source ?? '',
    detailsJson: jsonText(error.details),
  });
}

function progressMessage(entry: ProgressEntry): ProgressMessage {
  return create(ProgressSchema, {
    timestampUnixMs: int64(entry.timestamp),
    message: entry.message ?? '',
    dataJson: jsonText(entry.data),
  });
}

/** Empty for what is absent. */
export function jsonText(value: Json | undefined): string {
  return value === undefined ? '' : JSON.stringify(value);
}

/** A whole number as 64 bits carry it. */
export function int64(value: number): bigint {
  return BigInt(Math.trunc(value));
}

/** A loaded state file may hold more than 32 bits can carry. */
function int32(value: number): number {
  return Math.max(-MAX_INT32, Math.min(MAX_INT32, value));
}

/** With every key as its own, `__proto__` too. */
export function ownCopy<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(map)) setOwn(copy, key, value);
  return copy as Record<string, T>;
}
