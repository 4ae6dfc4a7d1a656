import { invalidJson, isJsonObject, type Json, kindOf, setOwn, withinEdits } from '@execgo/core';

/** What an agent sends, its types checked; absent text is empty. */
export interface ActionRequest {
  readonly adapter: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly action_id: string;
  readonly action: Action;
  readonly metadata: Readonly<Record<string, string>>;
  /** Sentences on fields that were ignored. */
  readonly warnings: readonly string[];
}

export interface Action {
  readonly kind: string;
  readonly tool_name: string;
  readonly input: Json | undefined;
  readonly depends_on: readonly string[];
  readonly retry: number;
  /** Milliseconds; 0 = none. */
  readonly timeout: number;
}

const REQUEST_FIELDS = ['adapter', 'agent_id', 'session_id', 'action_id', 'action', 'metadata'];
const ACTION_FIELDS = ['kind', 'tool_name', 'input', 'depends_on', 'retry', 'timeout'];
const MAX_EDITS = 2;
/** How many ignored fields one answer names. */
const MAX_WARNINGS = 100;

/**
 * The body of a request, field by field; `null` counts as absent.
 *
 * @throws ExecGoError `invalid_input` beginning `invalid JSON: ` and naming the field, for a wrong type and for an unknown
 * field that nearly is a known one; any other unknown field is ignored and named in `warnings`
 */
export function parseActionRequest(body: unknown): ActionRequest {
  if (!isJsonObject(body)) throw invalidJson('', `expected an object with action, got ${kindOf(body)}`);
  const warnings: string[] = [];
  checkNames(body, REQUEST_FIELDS, '', warnings);
  const action = body.action ?? {};
  if (!isJsonObject(action)) throw invalidJson('action', `expected an object, got ${kindOf(action)}`);
  checkNames(action, ACTION_FIELDS, 'action.', warnings);
  return {
    adapter: text(body.adapter, 'adapter'),
    agent_id: text(body.agent_id, 'agent_id'),
    session_id: text(body.session_id, 'session_id'),
    action_id: text(body.action_id, 'action_id'),
    action: {
      kind: text(action.kind, 'action.kind'),
      tool_name: text(action.tool_name, 'action.tool_name'),
      input: (action.input ?? undefined) as Json | undefined,
      depends_on: texts(action.depends_on, 'action.depends_on'),
      retry: integer(action.retry, 'action.retry'),
      timeout: integer(action.timeout, 'action.timeout'),
    },
    metadata: textMap(body.metadata, 'metadata'),
    warnings,
  };
}

/** An object with string values; members that are null are left out. */
export function textMap(value: unknown, place: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isJsonObject(value)) throw invalidJson(place, `expected an object with string values, got ${kindOf(value)}`);
  const map: Record<string, string> = {};
  for (const [key, item] of Object.entries(value)) {
    if (item === null) continue;
    if (typeof item !== 'string') throw invalidJson(`${place}.${key}`, `expected a string, got ${kindOf(item)}`);
    setOwn(map, key, item);
  }
  return map;
}

function checkNames(
  fields: Record<string, unknown>,
  known: readonly string[],
  prefix: string,
  warnings: string[],
): void {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue;
    const meant = known.find((candidate) => withinEdits(name, candidate, MAX_EDITS));
    if (meant !== undefined) {
      throw invalidJson(`${prefix}${name}`, `unknown field "${name}"; did you mean "${meant}"?`);
    }
    if (warnings.length < MAX_WARNINGS) warnings.push(`unknown field ${JSON.stringify(prefix + name)} is ignored`);
  }
}

function text(value: unknown, place: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw invalidJson(place, `expected a string, got ${kindOf(value)}`);
  return value;
}

function texts(value: unknown, place: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalidJson(place, `expected an array of task ids, got ${kindOf(value)}`);
  return value.map((item, at) => {
    if (typeof item !== 'string') throw invalidJson(`${place}[${at}]`, `expected a string, got ${kindOf(item)}`);
    return item;
  });
}

function integer(value: unknown, place: string): number {
  if (value === undefined || value === null) return 0;
  if (!Number.isSafeInteger(value)) throw invalidJson(place, `expected an integer, got ${kindOf(value)}`);
  return value as number;
}
