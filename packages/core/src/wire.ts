import { ExecGoError } from './errors.js';
import type { LiveReport, TaskEvent } from './event.js';
import { isJsonObject, type Json, type JsonObject, setOwn } from './json.js';
import { normaliseType } from './legacy-type.js';
import { formatTime, parseTime } from './rfc3339.js';
import {
  type OnInterrupt,
  type ProgressEntry,
  type RunStatus,
  type RuntimeError,
  TASK_STATUSES,
  Task,
  TaskRuntime,
  TaskSpec,
  type TaskStatus,
} from './task.js';
import type { WireEvent, WireLiveReport } from './wire-event.js';
import type { WireProgress, WireRunError, WireTask, WireTaskSpec } from './wire-task.js';

/** A JSON object under construction; `undefined` is never written into it. */
type Draft = Record<string, unknown>;

/** The task as the wire carries it: empty and zero optional fields left out, times in RFC 3339. */
export function toWire(task: Task): WireTask {
  const wire: Draft = { id: task.id, type: task.spec.type };
  addSpec(wire, task.spec);
  wire.status = task.status;
  addRuntime(wire, task, true);
  if (task.error !== undefined) wire.error = task.error;
  wire.created_at = formatTime(task.created_at);
  wire.updated_at = formatTime(task.updated_at);
  if (task.graph_id !== '') wire.graph_id = task.graph_id;
  return wire as WireTask;
}

/** The task as a state file carries it: the wire form plus what only the kernel needs, and no value twice. */
export function toStored(task: Task): JsonObject {
  const stored: Draft = { id: task.id, type: task.spec.type };
  addSpec(stored, task.spec);
  stored.status = task.status;
  addRuntime(stored, task, false);
  if (task.error !== undefined) stored.error = task.error;
  stored.created_at = formatTime(task.created_at);
  stored.updated_at = formatTime(task.updated_at);
  if (task.graph_id !== '') stored.graph_id = task.graph_id;
  stored.submitted_seq = task.submitted_seq;
  stored.last_seq = task.last_seq;
  if (task.runtime?.not_before !== undefined) stored.not_before = task.runtime.not_before;
  if (task.runtime !== undefined && task.runtime.crash_resets > 0) stored.crash_resets = task.runtime.crash_resets;
  return stored as JsonObject;
}

/** The spec alone, in the wire's form, without its id and type: what a store writes into a `task_submitted`. */
export function specToWire(spec: TaskSpec): WireTaskSpec {
  const wire: Draft = { id: spec.id, type: spec.type };
  addSpec(wire, spec);
  return wire as WireTaskSpec;
}

function addSpec(wire: Draft, spec: TaskSpec): void {
  if (spec.tool_name !== undefined) wire.tool_name = spec.tool_name;
  if (spec.params !== undefined) wire.params = spec.params;
  if (spec.input !== undefined) wire.input = spec.input;
  if (spec.execution_category !== undefined) wire.execution_category = spec.execution_category;
  if (spec.depends_on.length > 0) wire.depends_on = spec.depends_on;
  if (spec.retry > 0) wire.retry = spec.retry;
  if (spec.timeout > 0) wire.timeout = spec.timeout;
  if (spec.annotations !== undefined) wire.annotations = spec.annotations;
  if (spec.priority !== 0) wire.priority = spec.priority;
  if (spec.on_interrupt !== 'retry') wire.on_interrupt = spec.on_interrupt;
}

/** `result` and `runtime.output` are one value; a state file holds it once. */
function addRuntime(wire: Draft, task: Task, withOutput: boolean): void {
  const run = task.runtime;
  if (run === undefined) return;
  wire.run_status = run.status;
  if (run.handle_id !== undefined) wire.handle_id = run.handle_id;
  if (run.progress !== undefined && run.progress.length > 0) wire.progress = run.progress.map(progressToWire);
  if (run.output !== undefined) wire.result = run.output;
  const runtime: Draft = { status: run.status };
  if (run.handle_id !== undefined) runtime.handle_id = run.handle_id;
  if (withOutput && run.output !== undefined) runtime.output = run.output;
  if (run.started_at !== undefined) runtime.started_at = formatTime(run.started_at);
  if (run.finished_at !== undefined) runtime.finished_at = formatTime(run.finished_at);
  const duration = run.started_at === undefined || run.finished_at === undefined ? 0 : run.finished_at - run.started_at;
  if (duration > 0) runtime.duration_ms = duration;
  if (run.attempt > 0) runtime.attempt = run.attempt;
  if (run.details !== undefined) runtime.details = run.details;
  if (run.error !== undefined) runtime.error = errorToWire(run.error);
  wire.runtime = runtime;
}

export function progressToWire(entry: ProgressEntry): WireProgress {
  const wire: Draft = { timestamp: formatTime(entry.timestamp) };
  if (entry.message !== undefined) wire.message = entry.message;
  if (entry.data !== undefined) wire.data = entry.data;
  return wire as WireProgress;
}

function errorToWire(error: RuntimeError): WireRunError {
  const wire: Draft = { code: error.code, message: error.message };
  if (error.retryable === true) wire.retryable = true;
  if (error.source !== undefined) wire.source = error.source;
  if (error.details !== undefined) wire.details = error.details;
  return wire as WireRunError;
}

/** Seqs for a task from a file that holds none. */
export interface AssignedSeqs {
  readonly submitted_seq: number;
  readonly last_seq: number;
}

/**
 * A task read back from its stored or wire form. Lenient where the first version wrote other things than we do (any id, any
 * JSON as progress), strict on what everything else rests on.
 *
 * @throws ExecGoError `internal` naming the field that makes it unusable
 */
export function fromWire(value: unknown, assigned?: AssignedSeqs): Task {
  if (!isJsonObject(value)) throw unusable('the task', 'an object', value);
  const status = value.status === undefined || value.status === '' ? 'pending' : value.status;
  if (!TASK_STATUSES.includes(status as TaskStatus)) throw unusable('status', 'a task status', status);
  return new Task(
    specFromWire(value),
    optionalText(value, 'graph_id') ?? '',
    status as TaskStatus,
    time(value, 'created_at') ?? 0,
    time(value, 'updated_at') ?? 0,
    assigned?.submitted_seq ?? seq(value, 'submitted_seq'),
    assigned?.last_seq ?? seq(value, 'last_seq'),
    optionalText(value, 'error'),
    runtimeFromWire(value),
  );
}

/** The spec read back from what `specToWire` wrote, or from a whole task. */
export function specFromWire(value: Record<string, unknown>): TaskSpec {
  const dependsOn = value.depends_on ?? [];
  if (!Array.isArray(dependsOn) || !dependsOn.every((id) => typeof id === 'string')) {
    throw unusable('depends_on', 'an array of task ids', dependsOn);
  }
  const type = requiredText(value, 'type');
  const legacy = normaliseType(type);
  const params = (value.params ?? undefined) as Json | undefined;
  return new TaskSpec(
    requiredText(value, 'id'),
    legacy?.type ?? type,
    legacy?.tool_name ?? optionalText(value, 'tool_name'),
    params,
    (value.input ?? (legacy === undefined ? undefined : params)) as Json | undefined,
    legacy?.execution_category ?? optionalText(value, 'execution_category'),
    dependsOn,
    Math.max(0, integer(value, 'retry') ?? 0),
    Math.max(0, integer(value, 'timeout') ?? 0),
    annotationsFromWire(value.annotations),
    integer(value, 'priority') ?? 0,
    (value.on_interrupt === 'fail' ? 'fail' : 'retry') satisfies OnInterrupt,
  );
}

function annotationsFromWire(value: unknown): Record<string, string> | undefined {
  if (!isJsonObject(value)) return undefined;
  const map: Draft = {};
  for (const [key, item] of Object.entries(value)) if (typeof item === 'string') setOwn(map, key, item);
  return map as Record<string, string>;
}

function runtimeFromWire(value: Record<string, unknown>): TaskRuntime | undefined {
  const run = isJsonObject(value.runtime) ? value.runtime : {};
  const status = run.status ?? value.run_status;
  const output = value.result ?? run.output ?? undefined;
  if (typeof status !== 'string' && output === undefined) return undefined;
  return new TaskRuntime(
    (typeof status === 'string' ? status : value.status) as RunStatus,
    integer(run, 'attempt') ?? 0,
    time(run, 'started_at'),
    time(run, 'finished_at'),
    optionalText(run, 'handle_id') ?? optionalText(value, 'handle_id'),
    output as Json | undefined,
    errorFromWire(run.error),
    (run.details ?? undefined) as Json | undefined,
    progressFromWire(value.progress),
    integer(value, 'not_before'),
    integer(value, 'crash_resets') ?? 0,
  );
}

function errorFromWire(value: unknown): RuntimeError | undefined {
  if (!isJsonObject(value) || typeof value.code !== 'string') return undefined;
  return value as unknown as RuntimeError;
}

/** The first version kept any JSON as progress: what is not a list of entries becomes the data of one. */
function progressFromWire(value: unknown): readonly ProgressEntry[] | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Array.isArray(value) ? value : [value];
  return entries.map((entry): ProgressEntry => {
    const timestamp =
      isJsonObject(entry) && typeof entry.timestamp === 'string' ? parseTime(entry.timestamp) : undefined;
    if (timestamp === undefined) return { timestamp: 0, data: entry as Json };
    const { message, data } = entry as { message?: unknown; data?: Json };
    return { timestamp, ...(typeof message === 'string' && { message }), ...(data !== undefined && { data }) };
  });
}

/** An event as the wire carries it: `{seq, type, task_id?, graph_id?, handle_id?, timestamp, message?, data?}`. */
export function eventToWire(event: TaskEvent): WireEvent;
export function eventToWire(event: TaskEvent | LiveReport): WireEvent | WireLiveReport;
export function eventToWire(event: TaskEvent | LiveReport): WireEvent | WireLiveReport {
  const wire: Draft = {};
  const data: Draft = {};
  for (const [key, value] of Object.entries(event)) {
    if (value === undefined || key === 'receipt') continue;
    if (key === 'timestamp') wire.timestamp = formatTime(value as number);
    else if (TOP_LEVEL_OF_EVENT.has(key)) wire[key] = value;
    else data[dataName(key)] = eventData(key, value);
  }
  if (event.type === 'task_progressed') {
    if (event.data !== undefined) wire.data = event.data;
  } else if (Object.keys(data).length > 0) {
    wire.data = data;
  }
  return wire as WireEvent | WireLiveReport;
}

const TOP_LEVEL_OF_EVENT: ReadonlySet<string> = new Set(['seq', 'type', 'task_id', 'graph_id', 'handle_id', 'message']);

function dataName(key: string): string {
  return key === 'spec' ? 'task' : key;
}

function eventData(key: string, value: unknown): unknown {
  switch (key) {
    case 'spec':
      return specToWire(value as TaskSpec);
    case 'error':
      return errorToWire(value as RuntimeError);
    case 'progress':
      return (value as readonly ProgressEntry[]).map(progressToWire);
    case 'not_before':
      return formatTime(value as number);
    case 'chunk':
      return Buffer.from(value as Uint8Array).toString('base64');
    default:
      return value;
  }
}

function requiredText(value: Record<string, unknown>, name: string): string {
  const item = value[name];
  if (typeof item !== 'string') throw unusable(name, 'a string', item);
  return item;
}

function optionalText(value: Record<string, unknown>, name: string): string | undefined {
  const item = value[name];
  return typeof item === 'string' && item !== '' ? item : undefined;
}

function integer(value: Record<string, unknown>, name: string): number | undefined {
  const item = value[name];
  return Number.isSafeInteger(item) ? (item as number) : undefined;
}

function seq(value: Record<string, unknown>, name: string): number {
  const item = integer(value, name);
  if (item === undefined || item < 0) throw unusable(name, 'a sequence number', value[name]);
  return item;
}

function time(value: Record<string, unknown>, name: string): number | undefined {
  const item = value[name];
  return typeof item === 'string' ? parseTime(item) : undefined;
}

function unusable(name: string, expected: string, value: unknown): ExecGoError {
  return new ExecGoError(
    'internal',
    `${name}: expected ${expected}, got ${JSON.stringify(value)?.slice(0, 60) ?? 'nothing'}`,
  );
}
