import { isJsonObject, isReference, type Json, type JsonObject } from '@execgo/core';
import type { ActionKind } from './action-kind.js';
import { type ActionRequest, textMap } from './action-request.js';
import { invalidAction } from './invalid-action.js';
import { mergeTrimmed, provenance } from './provenance.js';

export type RuntimeKind = Extract<ActionKind, `runtime.${string}`>;

/** Members of the input that the runtime takes as they are. */
const PASSED_ON = ['limits', 'sandbox', 'policy', 'control_context'] as const;

/** The input of a task of type `runtime`: what the agent gave, `{execution}` or flat, in the form that a runtime takes. */
export function runtimePayload(request: ActionRequest, kind: RuntimeKind, input: JsonObject, taskId: string): Json {
  const passedOn = PASSED_ON.flatMap((name) => (isPresent(input[name]) ? [[name, input[name]] as const] : []));
  return {
    task_id: taskId,
    execution: executionOf(kind, input),
    ...Object.fromEntries(passedOn),
    metadata: mergeTrimmed(textMap(input.metadata, 'action.input.metadata'), provenance(request, kind)),
  };
}

function executionOf(kind: RuntimeKind, input: JsonObject): Json {
  const { execution } = input;
  const mode = kind.slice('runtime.'.length);
  if (!isPresent(execution)) return flatExecution(kind, mode, input);
  if (isReference(execution)) return execution as Json;
  if (!isJsonObject(execution)) throw invalidAction('input.execution must be a JSON object', 'action.input.execution');
  return isPresent(execution.kind) ? execution : { ...execution, kind: mode };
}

function flatExecution(kind: RuntimeKind, mode: string, { program, script, args, interpreter, env }: JsonObject): Json {
  const environment = isPresent(env) ? { env } : {};
  if (kind === 'runtime.command') {
    const given = required(program, 'program', kind);
    const trimmed = typeof given === 'string' ? given.trim() : given;
    return { kind: mode, program: trimmed, ...(isPresent(args) && { args }), ...environment };
  }
  const given = required(script, 'script', kind);
  return { kind: mode, script: given, ...(isPresent(interpreter) && { interpreter }), ...environment };
}

/** A text that says something, or a reference that will. */
function required(value: Json | undefined, name: string, kind: RuntimeKind): Json {
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (isReference(value)) return value as Json;
  throw invalidAction(`input.${name} is required for ${kind}`, `action.input.${name}`);
}

function isPresent(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}
