import { ExecGoError } from './errors.js';
import { isFlat, isJsonObject, type Json, type JsonLimits, jsonDepth, jsonSize, setOwn } from './json.js';
import type { TaskSpec } from './task.js';

/** `{"$from": "<task id>", "pointer": "<RFC 6901>"}` inside tool input: stands for (a part of) that task's result. */
export interface Reference {
  readonly $from: string;
  readonly pointer?: string;
}

/** How large tool input may become once its references are filled. */
export const RESOLVED_INPUT_LIMITS: JsonLimits = { maxBytes: 8 * 1024 * 1024, maxDepth: 64 };

/** True for an object of exactly the form of a reference; anything else is ordinary data. */
export function isReference(value: unknown): value is Reference {
  if (!isJsonObject(value) || typeof value.$from !== 'string') return false;
  const keys = Object.keys(value).length;
  return keys === 1 || (keys === 2 && typeof value.pointer === 'string');
}

/** Up to this many references are looked up in `depends_on` one by one; beyond, with a set. */
const FEW = 16;
const NONE: readonly Reference[] = Object.freeze([]);

/** Every reference in a value, in no particular order. Iterative. */
export function findReferences(value: unknown): readonly Reference[] {
  if (typeof value !== 'object' || value === null) return NONE;
  if (isFlat(value)) return isReference(value) ? [value] : NONE;
  const found: Reference[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const item = open.pop();
    if (typeof item !== 'object' || item === null) continue;
    if (isReference(item)) found.push(item);
    else for (const key in item) open.push((item as Record<string, unknown>)[key]);
  }
  return found;
}

/** @throws ExecGoError `invalid_input` for a reference to a task that is not a dependency, or with a malformed pointer. */
export function checkReferences(spec: TaskSpec): void {
  checkField(spec, 'params');
  checkField(spec, 'input');
}

function checkField(spec: TaskSpec, field: 'params' | 'input'): void {
  const references = findReferences(spec[field]);
  if (references.length === 0) return;
  const dependencies = references.length > FEW ? new Set(spec.depends_on) : undefined;
  for (const { $from, pointer } of references) {
    if (!(dependencies?.has($from) ?? spec.depends_on.includes($from))) {
      const problem = `${field} refers to task "${$from}", which is not in depends_on`;
      throw new ExecGoError('invalid_input', `task "${spec.id}": ${problem}`);
    }
    if (pointer !== undefined && pointer !== '' && !pointer.startsWith('/')) {
      const problem = `${field}: pointer "${pointer}" must be empty or begin with "/"`;
      throw new ExecGoError('invalid_input', `task "${spec.id}": ${problem}`);
    }
  }
}

/**
 * The input with every reference replaced by the value it names; the given value is left as it is.
 *
 * @param resultOf the result of a task, undefined where it has none
 * @throws ExecGoError `invalid_input` where a pointer finds nothing, `resource_limit_exceeded` past the limits
 */
export function resolveReferences(
  value: Json,
  resultOf: (taskId: string) => Json | undefined,
  limits: JsonLimits = RESOLVED_INPUT_LIMITS,
): Json {
  let bytes = 0;
  const fill = (item: Json, depth: number): Json => {
    if (typeof item !== 'object' || item === null) return item;
    if (isReference(item)) {
      const found = lookUp(item, resultOf);
      bytes += jsonSize(found, limits.maxBytes);
      if (bytes > limits.maxBytes || depth + jsonDepth(found, limits.maxDepth) > limits.maxDepth) {
        throw new ExecGoError(
          'resource_limit_exceeded',
          `input with references resolved exceeds ${limits.maxBytes} bytes or depth ${limits.maxDepth}`,
        );
      }
      return found;
    }
    if (Array.isArray(item)) return item.map((element) => fill(element, depth + 1));
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(item))
      setOwn(copy, key, fill((item as Record<string, Json>)[key] as Json, depth + 1));
    return copy as Json;
  };
  return fill(value, 0);
}

function lookUp(reference: Reference, resultOf: (taskId: string) => Json | undefined): Json {
  const result = resultOf(reference.$from);
  const found = result === undefined ? undefined : atPointer(result, reference.pointer ?? '');
  if (found === undefined) {
    const place = reference.pointer ? ` at "${reference.pointer}"` : '';
    throw new ExecGoError('invalid_input', `reference to task "${reference.$from}": its result has nothing${place}`);
  }
  return found;
}

/** The value an RFC 6901 pointer names, undefined where it finds nothing. Only own properties are looked at. */
export function atPointer(value: Json, pointer: string): Json | undefined {
  if (pointer === '') return value;
  if (!pointer.startsWith('/')) return undefined;
  let found: Json | undefined = value;
  for (const part of pointer.slice(1).split('/')) {
    const token = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null) return undefined;
    if (Array.isArray(found)) {
      if (!/^(0|[1-9]\d*)$/.test(token)) return undefined;
      found = (found as readonly Json[])[Number(token)];
    } else {
      found = Object.hasOwn(found, token) ? (found as Record<string, Json>)[token] : undefined;
    }
    if (found === undefined) return undefined;
  }
  return found;
}
