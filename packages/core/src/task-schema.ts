import * as v from 'valibot';
import { ExecGoError } from './errors.js';
import { isJsonObject, jsonDepth } from './json.js';

/** Longest task id, in code points. */
export const MAX_ID_LENGTH = 256;
/** Most further attempts a task may ask for. */
export const MAX_RETRY = 1000;
/** Deepest nesting of `params` and `input`. */
export const MAX_INPUT_DEPTH = 64;
export const PRIORITY_RANGE = { min: -100, max: 100 } as const;

/** Whether an id may be submitted: 1–256 characters, well-formed, no control characters. */
export function isValidId(id: string): boolean {
  // A code point is at most two units, so that only a short text is ever taken apart.
  if (id.length === 0 || id.length > 2 * MAX_ID_LENGTH) return false;
  if (id.length > MAX_ID_LENGTH && [...id].length > MAX_ID_LENGTH) return false;
  for (let at = 0; at < id.length; at += 1) {
    const unit = id.charCodeAt(at);
    if (unit < 0x20 || (unit >= 0x7f && unit <= 0x9f)) return false;
    if (unit >= 0xd800 && unit <= 0xdfff) {
      const next = id.charCodeAt(at + 1);
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return false;
      at += 1;
    }
  }
  return true;
}

const absent = <const S extends v.GenericSchema>(schema: S) => v.nullish(schema);
const text = v.string('expected a string');
const integer = v.pipe(v.number('expected an integer'), v.safeInteger('expected an integer'));
const toolInput = v.custom<unknown>(
  (value) => jsonDepth(value, MAX_INPUT_DEPTH) <= MAX_INPUT_DEPTH,
  `must not be nested deeper than ${MAX_INPUT_DEPTH} levels`,
);
/** `v.record` takes arrays and silently drops keys such as `__proto__`, so the map is checked by hand. */
const annotations = v.custom<Record<string, string | null>>((value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((item) => typeof item === 'string' || item === null);
}, 'expected an object with string values');

/** What a client may send for one task; a missing id or type is reported later, in the order of the wire contract. */
export const TaskInputSchema = v.object(
  {
    id: absent(text),
    type: absent(text),
    tool_name: absent(text),
    params: absent(toolInput),
    input: absent(toolInput),
    execution_category: absent(text),
    depends_on: absent(v.array(text, 'expected an array of task ids')),
    retry: absent(v.pipe(integer, v.maxValue(MAX_RETRY, `must be at most ${MAX_RETRY}`))),
    timeout: absent(integer),
    annotations: absent(annotations),
    priority: absent(
      v.pipe(
        integer,
        v.minValue(PRIORITY_RANGE.min, `must be between ${PRIORITY_RANGE.min} and ${PRIORITY_RANGE.max}`),
        v.maxValue(PRIORITY_RANGE.max, `must be between ${PRIORITY_RANGE.min} and ${PRIORITY_RANGE.max}`),
      ),
    ),
    on_interrupt: absent(v.picklist(['retry', 'fail'], 'expected "retry" or "fail"')),
  },
  'expected an object',
);

export type TaskInput = v.InferInput<typeof TaskInputSchema>;

/**
 * The task fields of a value from the wire.
 *
 * @param path where it stands, for the message: `tasks[3]`
 * @throws ExecGoError `invalid_input`, its message beginning `invalid JSON: ` and naming the path
 */
export function checkTaskInput(raw: unknown, path: string): v.InferOutput<typeof TaskInputSchema> {
  // `v.object` takes an array for an object without fields.
  if (!isJsonObject(raw)) throw invalidJson(path, `expected an object, got ${kindOf(raw)}`);
  const parsed = v.safeParse(TaskInputSchema, raw, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const place = issue.path?.reduce((text, item) => text + step(item.key), path) ?? path;
  throw invalidJson(place, `${issue.message}, got ${kindOf(issue.input)}`);
}

/** The error for a value of the wrong type somewhere in a request. */
export function invalidJson(place: string, problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `invalid JSON: ${place === '' ? '' : `${place}: `}${problem}`, {
    details: { field: place },
  });
}

function step(key: unknown): string {
  return typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
}

/** What came, in a word or a short value, for a message. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return typeof value === 'object' ? 'an object' : String(value);
}
