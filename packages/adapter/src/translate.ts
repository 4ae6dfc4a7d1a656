import {
  invalidJson,
  isJsonObject,
  isReference,
  type Json,
  type JsonObject,
  kindOf,
  SERVER_FIELDS,
} from '@execgo/core';
import { ADAPTER_SCHEMA, type NamedKind, namedKind } from './action-kind.js';
import { type ActionRequest, parseActionRequest } from './action-request.js';
import { invalidAction } from './invalid-action.js';
import { adapterName, provenance } from './provenance.js';
import { runtimePayload } from './runtime-payload.js';

/** The time of a task that nobody has stored. */
const NO_TIME = '0001-01-01T00:00:00Z';
const NOT_SUBMITTED: JsonObject = { status: '', created_at: NO_TIME, updated_at: NO_TIME };
const SERVER_OWNED: ReadonlySet<string> = new Set(SERVER_FIELDS);

/** What became of an action. */
export interface TranslationTrace extends JsonObject {
  readonly schema_version: string;
  readonly adapter: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly action_id: string;
  readonly source_kind: string;
  readonly normalized_kind: string;
  readonly task_ids: readonly string[];
}

export interface Translation {
  readonly task_ids: readonly string[];
  /** Ready to be submitted: not normalised, and with the empty status and the zero times of what nobody has stored. */
  readonly task_graph: { readonly tasks: readonly JsonObject[] };
  readonly translation_trace: TranslationTrace;
  /** Sentences on fields of the request that were ignored. */
  readonly warnings: readonly string[];
}

export interface TranslateOptions {
  /** The id of a task for an action that names none: `adapter-` and something that no other action gets. Asked once at most. */
  readonly generateId: () => string;
}

/**
 * Turns an action, in the form `adapter.v1`, into a graph of tasks. Whether the graph makes sense is for the kernel to say.
 *
 * @param body the request as it was sent
 * @throws ExecGoError `invalid_input`: beginning `invalid JSON: ` for a field of a wrong type or nearly of a known name, and
 * `invalid adapter action: ` for what cannot be translated; `details.field` says where
 */
export function translateAction(body: unknown, options: TranslateOptions): Translation {
  const request = parseActionRequest(body);
  const named = namedKind(request.action.kind);
  const tasks = named.kind === 'task_graph.submit' ? graphTasks(request) : [oneTask(request, named, options)];
  const taskIds = tasks.map(({ id }) => (typeof id === 'string' ? id : ''));
  return {
    task_ids: taskIds,
    task_graph: { tasks },
    translation_trace: {
      schema_version: ADAPTER_SCHEMA,
      adapter: adapterName(request),
      agent_id: request.agent_id,
      session_id: request.session_id,
      action_id: request.action_id,
      source_kind: named.source,
      normalized_kind: named.kind,
      task_ids: taskIds,
    },
    warnings: request.warnings,
  };
}

/** The tasks of a graph that the agent made itself, but for what the server alone says of a task. */
function graphTasks({ action: { input } }: ActionRequest): readonly JsonObject[] {
  if (input === undefined) throw invalidAction('input is required for task_graph.submit', 'action.input');
  const given = objectOf(input);
  const graph = given.task_graph ?? undefined;
  if (graph !== undefined && !isJsonObject(graph)) {
    throw invalidJson('action.input.task_graph', `expected an object with tasks, got ${kindOf(graph)}`);
  }
  const place = graph === undefined ? 'action.input.tasks' : 'action.input.task_graph.tasks';
  const tasks = (graph ?? given).tasks ?? undefined;
  if (tasks === undefined) throw invalidAction('input must contain tasks or task_graph', 'action.input');
  if (!Array.isArray(tasks)) throw invalidJson(place, `expected an array, got ${kindOf(tasks)}`);
  return tasks.map((task: unknown, at) => {
    if (!isJsonObject(task)) throw invalidJson(`${place}[${at}]`, `expected an object, got ${kindOf(task)}`);
    const own = Object.entries(task).filter(([name]) => !SERVER_OWNED.has(name));
    return { ...(Object.fromEntries(own) as JsonObject), ...NOT_SUBMITTED };
  });
}

function oneTask(request: ActionRequest, named: NamedKind, { generateId }: TranslateOptions): JsonObject {
  const { depends_on, retry, timeout } = request.action;
  const { id, type, tool_name, input } = taskHead(request, named, generateId);
  return {
    id,
    type,
    ...(tool_name !== undefined && { tool_name }),
    ...(input !== undefined && { input }),
    execution_category: type,
    ...(depends_on.length > 0 && { depends_on }),
    ...(retry !== 0 && { retry }),
    ...(timeout !== 0 && { timeout }),
    annotations: provenance(request, named.kind),
    ...NOT_SUBMITTED,
  };
}

interface TaskHead {
  readonly id: string;
  readonly type: string;
  readonly tool_name?: string;
  readonly input: Json | undefined;
}

function taskHead(request: ActionRequest, { kind, fileAction }: NamedKind, generateId: () => string): TaskHead {
  const { input } = request.action;
  const actionId = request.action_id.trim();
  const id = () => actionId || generateId();
  switch (kind) {
    case 'mcp.call':
      return { id: id(), type: 'mcp', ...mcpCall(request) };
    case 'cli.run':
      return { id: id(), type: 'cli-skills', tool_name: 'cli.run', input };
    case 'runtime.command':
    case 'runtime.script': {
      const given = objectOf(input ?? {});
      const inner = typeof given.task_id === 'string' ? given.task_id.trim() : '';
      const taskId = actionId || inner || generateId();
      return { id: taskId, type: 'runtime', input: runtimePayload(request, kind, given, taskId) };
    }
    default: {
      const tool = kind.slice('os.'.length);
      return { id: id(), type: 'os', tool_name: tool, input: withAction(input, fileAction) };
    }
  }
}

/** The tool of an MCP server; where the input names it, what stands beside the name are the arguments. */
function mcpCall({ action }: ActionRequest): { readonly tool_name: string; readonly input: Json | undefined } {
  const named = action.tool_name.trim();
  if (named !== '') return { tool_name: named, input: action.input };
  const { tool_name, ...toolArguments } = objectOf(action.input ?? {});
  const inner = typeof tool_name === 'string' ? tool_name.trim() : '';
  if (inner === '') throw invalidAction('tool_name is required for mcp.call', 'action.tool_name');
  return { tool_name: inner, input: toolArguments };
}

/** An input that is a reference is left alone: what it will stand for names its own action. */
function withAction(input: Json | undefined, fileAction: string | undefined): Json | undefined {
  if (fileAction === undefined || isReference(input)) return input;
  const given = objectOf(input ?? {});
  return given.action === undefined || given.action === null ? { ...given, action: fileAction } : given;
}

function objectOf(input: Json): JsonObject {
  if (!isJsonObject(input)) throw invalidAction('input must be a JSON object', 'action.input');
  return input as JsonObject;
}
