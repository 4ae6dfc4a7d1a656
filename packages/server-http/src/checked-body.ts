import { ExecGoError, isJsonObject } from '@execgo/core';
import * as v from 'valibot';

/**
 * The body of a request, as its schema has it.
 *
 * @param what what an object is expected with, for the message
 * @throws ExecGoError `invalid_input` beginning `invalid JSON: ` and naming the field
 */
export function checkedBody<const S extends v.GenericSchema>(schema: S, body: unknown, what: string): v.InferOutput<S> {
  // A schema of an object takes an array for one without fields.
  if (!isJsonObject(body)) throw new ExecGoError('invalid_input', `invalid JSON: ${what}`);
  const parsed = v.safeParse(schema, body, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? '';
  throw new ExecGoError('invalid_input', `invalid JSON: ${field}: ${issue.message}`, { details: { field } });
}
