import { isJsonObject, type Json, type JsonObject } from '@execgo/core';

const STATUSES = ['accepted', 'running', 'success', 'failed', 'cancelled'] as const;

/** What the runtime says of a run: `GET /api/v1/tasks/{id}`. */
export interface RunStatus {
  readonly status: (typeof STATUSES)[number];
  readonly updatedAt: string;
  readonly stdout: string;
  readonly stderr: string;
  /** One of the streams is longer than what is here. */
  readonly truncated: boolean;
  readonly exitCode: number | undefined;
  readonly exitSignal: number | undefined;
  readonly durationMs: number | undefined;
  readonly error: RunFailure | undefined;
  /** What else an operator may want to know: usage, execution_plan, reservation, artifacts. */
  readonly facts: JsonObject;
}

export interface RunFailure {
  readonly code: string;
  readonly message: string;
  readonly details: Json | undefined;
}

/** An entry of `GET /api/v1/tasks/{id}/events`. */
export interface RunEvent {
  readonly seq: number;
  readonly type: string;
  readonly message: string | undefined;
  readonly data: Json | undefined;
}

const FACTS = ['usage', 'execution_plan', 'reservation', 'artifacts'] as const;

export function isOver({ status }: RunStatus): boolean {
  return status === 'success' || status === 'failed' || status === 'cancelled';
}

/** Undefined for what is no status of a run. */
export function readStatus(answer: unknown): RunStatus | undefined {
  if (!isJsonObject(answer)) return undefined;
  const status = STATUSES.find((known) => known === answer.status);
  if (status === undefined) return undefined;
  const facts = FACTS.flatMap((name) => (isPresent(answer[name]) ? [[name, answer[name]] as const] : []));
  return {
    status,
    updatedAt: text(answer.updated_at),
    stdout: text(answer.stdout),
    stderr: text(answer.stderr),
    truncated: answer.stdout_truncated === true || answer.stderr_truncated === true,
    exitCode: integer(answer.exit_code),
    exitSignal: integer(answer.exit_signal),
    durationMs: integer(answer.duration_ms),
    error: readFailure(answer.error),
    facts: Object.fromEntries(facts) as JsonObject,
  };
}

/** An error of the runtime: `{code, message, details?}`; undefined for what is none. */
export function readFailure(value: unknown): RunFailure | undefined {
  if (!isJsonObject(value)) return undefined;
  const { code, message, details } = value;
  if (typeof code !== 'string' && typeof message !== 'string') return undefined;
  return { code: text(code), message: text(message), details: (details ?? undefined) as Json | undefined };
}

/** Both forms are known: an array, and an object around it. Undefined for neither. */
export function readEvents(answer: unknown): readonly RunEvent[] | undefined {
  const list = isJsonObject(answer) ? answer.events : answer;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((entry: unknown) => {
    if (!isJsonObject(entry) || !Number.isSafeInteger(entry.seq)) return [];
    return [
      {
        seq: entry.seq as number,
        type: text(entry.event_type),
        message: typeof entry.message === 'string' ? entry.message : undefined,
        data: (entry.data ?? undefined) as Json | undefined,
      },
    ];
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function integer(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
