import { ExecGoError } from '@execgo/core';
import * as v from 'valibot';

/**
 * The checked arguments of a call; `null` counts as absent.
 *
 * @throws ExecGoError `invalid_input`, naming the argument
 */
export function parseArguments<S extends v.GenericSchema<Record<string, unknown>, Record<string, unknown>>>(
  schema: S,
  raw: Readonly<Record<string, unknown>>,
): v.InferOutput<S> {
  const given = Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== null));
  const parsed = v.safeParse(schema, given, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const name = String(issue.path?.[0].key ?? '');
  throw argumentError(name, problemOf(issue, name, schema));
}

export function argumentError(name: string, problem: string): ExecGoError {
  return new ExecGoError('invalid_input', `${name}: ${problem}`, { details: { field: name } });
}

/** Which one of two arguments was given. @throws ExecGoError `invalid_input` where it is none, or both */
export function oneTarget(
  id: string | undefined,
  graphId: string | undefined,
): { readonly id: string } | { readonly graphId: string } {
  if (id !== undefined && graphId === undefined) return { id };
  if (graphId !== undefined && id === undefined) return { graphId };
  throw argumentError('id', 'give id (of a task) or graph_id (of a submission), one of them');
}

function problemOf(issue: v.BaseIssue<unknown>, name: string, schema: v.GenericSchema): string {
  if (issue.type === 'strict_object') {
    const names = 'entries' in schema ? Object.keys(schema.entries as object) : [];
    return names.includes(name) ? 'is required' : `is no argument of this tool (it has: ${names.join(', ')})`;
  }
  return issue.message;
}
