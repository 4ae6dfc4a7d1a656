import { ExecGoError, findReferences, isJsonObject, isReference } from '@execgo/core';
import * as v from 'valibot';

/** Schema of a tool's input: an object whose unknown keys are ignored. */
export type InputSchema = v.ObjectSchema<v.ObjectEntries, undefined>;

/** What is known of an input at submit: fields that a reference will fill are absent. */
export interface KnownInput<S extends InputSchema> {
  readonly input: Partial<v.InferOutput<S>>;
  /** Whether a field is there, be it known or still to be filled. */
  has(field: keyof v.InferOutput<S> & string): boolean;
}

/**
 * The checked input of a tool; `null` counts as absent, unknown keys are ignored.
 *
 * @param path where it stands, for the message: `input`
 * @throws ExecGoError `invalid_input`, naming the field
 */
export function parseInput<S extends InputSchema>(schema: S, raw: unknown, path: string): v.InferOutput<S> {
  const parsed = v.safeParse(schema, withoutNulls(raw ?? {}));
  if (!parsed.success) throw inputError(parsed.issues[0], path);
  return parsed.output;
}

/**
 * What of an input can be checked already: everything but what a reference, at any depth, stands for.
 *
 * @throws as `parseInput`
 */
export function parseKnownInput<S extends InputSchema>(schema: S, raw: unknown, path: string): KnownInput<S> {
  const given = withoutNulls(raw ?? {});
  if (isReference(given)) return { input: {}, has: () => true };
  const parsed = v.safeParse(schema, given);
  const issue = parsed.issues?.find((found) => !isAboutReference(found));
  if (issue !== undefined) throw inputError(issue, path);
  const fields = given as Record<string, unknown>;
  const has = (field: string) => fields[field] !== undefined;
  if (parsed.success && findReferences(given).length === 0) return { input: parsed.output, has };
  const filled = Object.entries(fields).filter(([, value]) => findReferences(value).length === 0);
  const input = v.parse(v.partial(schema), Object.fromEntries(filled)) as Partial<v.InferOutput<S>>;
  return { input, has };
}

/** An object with string values; an array is none, and a key named `__proto__` is one like any other. */
export function stringMap(message: string) {
  return v.custom<Readonly<Record<string, string>>>(
    (value) => isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string'),
    message,
  );
}

/** For messages: the path of a field that a check by hand refuses. */
export function fieldError(path: string, problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `${path}: ${problem}`, { details: { field: path } });
}

/** True where a reference stands, or inside a value that is checked as a whole. */
function isAboutReference({ path, input }: v.BaseIssue<unknown>): boolean {
  return path?.some(({ value }) => isReference(value)) === true || findReferences(input).length > 0;
}

function inputError(issue: v.BaseIssue<unknown>, path: string): ExecGoError {
  const place = issue.path?.reduce((text, { key }) => text + step(key), path) ?? path;
  // A missing key is reported by the object, not by the schema of its value.
  if (issue.input === undefined) return fieldError(place, 'is required');
  return fieldError(place, `${issue.message}, got ${shown(issue.input)}`);
}

function step(key: unknown): string {
  return typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Members of objects that are null mean the same as absent ones. Depth is bounded where tasks are parsed. */
function withoutNulls(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}
