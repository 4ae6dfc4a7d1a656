import { isJsonObject, type Json, jsonDepth } from './json.js';
import { normaliseType } from './legacy-type.js';
import { type OnInterrupt, TaskSpec } from './task.js';
import { isKnownField, nearestField } from './task-fields.js';
import { checkTaskInput, invalidJson, MAX_INPUT_DEPTH, MAX_RETRY, PRIORITY_RANGE } from './task-schema.js';

const NO_DEPENDENCIES: readonly string[] = Object.freeze([]);
/** Up to this many dependencies are searched for repeats one by one; beyond, with a set. */
const FEW = 16;
/** How many warnings one submission is answered with. */
const MAX_WARNINGS = 100;

/**
 * A task as the client meant it: types checked, `null` and empty made absent, legacy types normalised, repeated dependencies
 * dropped. An id or type that is missing is left empty, for `validateGraph` to report in the contract's order.
 *
 * @param at where the task stands in `tasks`, for messages
 * @param warnings takes a sentence for every unknown field that is ignored
 * @throws ExecGoError `invalid_input` naming the path of a wrong type, or an unknown field that nearly is a known one
 */
export function parseTask(raw: unknown, at: number, warnings: string[]): TaskSpec {
  checkFieldNames(raw, at, warnings);
  return quickSpec(raw) ?? slowSpec(raw, `tasks[${at}]`);
}

/**
 * The common case without valibot, which is most of the cost of a submission: a yes is final, and `undefined` means only
 * "ask valibot". A property test holds the two equal.
 */
export function quickSpec(raw: unknown): TaskSpec | undefined {
  if (!isJsonObject(raw)) return undefined;
  const { id, type, tool_name, params, input, execution_category, depends_on, retry, timeout, priority } = raw;
  if (typeof id !== 'string' || typeof type !== 'string') return undefined;
  if (raw.annotations !== undefined || raw.on_interrupt !== undefined) return undefined;
  if (tool_name !== undefined && typeof tool_name !== 'string') return undefined;
  if (execution_category !== undefined && typeof execution_category !== 'string') return undefined;
  if (!isIntegerUpTo(retry, MAX_RETRY) || !isIntegerUpTo(timeout, Number.MAX_SAFE_INTEGER)) return undefined;
  if (!isIntegerUpTo(priority, PRIORITY_RANGE.max) || (priority !== undefined && priority < PRIORITY_RANGE.min))
    return undefined;
  if (depends_on !== undefined && !isStringArray(depends_on)) return undefined;
  if (jsonDepth(params, MAX_INPUT_DEPTH) > MAX_INPUT_DEPTH || jsonDepth(input, MAX_INPUT_DEPTH) > MAX_INPUT_DEPTH)
    return undefined;
  return makeSpec({
    id,
    type,
    tool_name,
    params: params as Json | undefined,
    input: input as Json | undefined,
    execution_category,
    depends_on,
    retry,
    timeout,
    annotations: undefined,
    priority,
    on_interrupt: undefined,
  });
}

/** The same by valibot: says what is wrong, and where. */
export function slowSpec(raw: unknown, path: string): TaskSpec {
  const task = checkTaskInput(raw, path);
  return makeSpec({
    id: task.id ?? '',
    type: task.type ?? '',
    tool_name: task.tool_name ?? undefined,
    params: task.params as Json | undefined,
    input: task.input as Json | undefined,
    execution_category: task.execution_category ?? undefined,
    depends_on: task.depends_on ?? undefined,
    retry: task.retry ?? undefined,
    timeout: task.timeout ?? undefined,
    annotations: presentAnnotations(task.annotations),
    priority: task.priority ?? undefined,
    on_interrupt: task.on_interrupt ?? undefined,
  });
}

interface CheckedTask {
  readonly id: string;
  readonly type: string;
  readonly tool_name: string | undefined;
  readonly params: Json | undefined;
  readonly input: Json | undefined;
  readonly execution_category: string | undefined;
  readonly depends_on: readonly string[] | undefined;
  readonly retry: number | undefined;
  readonly timeout: number | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly priority: number | undefined;
  readonly on_interrupt: OnInterrupt | undefined;
}

function makeSpec(task: CheckedTask): TaskSpec {
  const params = task.params ?? undefined;
  const legacy = normaliseType(task.type);
  return new TaskSpec(
    task.id,
    legacy?.type ?? task.type,
    legacy?.tool_name ?? (task.tool_name || undefined),
    params,
    task.input ?? (legacy === undefined ? undefined : params),
    legacy?.execution_category ?? (task.execution_category || undefined),
    withoutRepeats(task.depends_on),
    Math.max(0, task.retry ?? 0),
    Math.max(0, task.timeout ?? 0),
    task.annotations,
    // `+ 0` turns −0, which JSON can carry, into 0.
    (task.priority ?? 0) + 0,
    task.on_interrupt ?? 'retry',
  );
}

function withoutRepeats(ids: readonly string[] | undefined): readonly string[] {
  if (ids === undefined || ids.length === 0) return NO_DEPENDENCIES;
  if (ids.length > FEW) {
    const unique = new Set(ids);
    return unique.size === ids.length ? ids : [...unique];
  }
  const repeats = ids.some((id, at) => ids.indexOf(id) !== at);
  return repeats ? [...new Set(ids)] : ids;
}

function presentAnnotations(map: Record<string, string | null> | null | undefined): Record<string, string> | undefined {
  if (map === null || map === undefined) return undefined;
  const entries = Object.entries(map).filter((entry): entry is [string, string] => entry[1] !== null);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function checkFieldNames(raw: unknown, at: number, warnings: string[]): void {
  if (!isJsonObject(raw)) return;
  for (const name in raw) {
    if (isKnownField(name)) continue;
    const meant = nearestField(name);
    if (meant !== undefined)
      throw invalidJson(`tasks[${at}].${name}`, `unknown field "${name}"; did you mean "${meant}"?`);
    if (warnings.length < MAX_WARNINGS) warnings.push(`tasks[${at}]: unknown field ${JSON.stringify(name)} is ignored`);
  }
}

function isIntegerUpTo(value: unknown, max: number): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) <= max);
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
