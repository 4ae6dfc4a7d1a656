import { setOwn, TASK_STATUSES, type TaskQuery } from '@execgo/core';
import { decodeCursor } from './cursor.js';
import type { Parameter } from './openapi/operation.js';
import { invalidParameter, type Query } from './query.js';
import { choiceParameter, integerParameter, textParameter } from './query-parameter.js';

const ANNOTATION = 'annotation.';

const STATUS = choiceParameter({ name: 'status', description: 'Only tasks of this status.' }, TASK_STATUSES);
const TYPE = textParameter({ name: 'type', description: 'Only tasks of this normalised type.' });
const GRAPH = textParameter({ name: 'graph_id', description: 'Only tasks of this submission.' });
const HANDLE = textParameter({ name: 'handle_id', description: 'Only the tasks that have this handle.' });
const CURSOR = textParameter({ name: 'cursor', description: '`X-Next-Cursor` of the page before.' });
const limitOf = (maxLimit: number) =>
  integerParameter({ name: 'limit', description: 'One page of at most so many tasks. Default: all' }, 1, maxLimit);

/** A parameter for each annotation, under a name of its own. */
const ANNOTATIONS: Parameter = {
  in: 'query',
  name: 'annotations',
  description: 'Only tasks with these annotations: `annotation.team=blue`. All of them must match.',
  style: 'form',
  explode: true,
  schema: {
    type: 'object',
    propertyNames: { pattern: `^${ANNOTATION.replace('.', '\\.')}.` },
    additionalProperties: { type: 'string' },
  },
};

/** The parameters of `taskFilter`. */
export function taskFilterParameters(maxLimit: number): readonly Parameter[] {
  return [STATUS, TYPE, GRAPH, HANDLE, ANNOTATIONS, limitOf(maxLimit), CURSOR];
}

/**
 * What `GET /tasks` was asked for. Other parameters mean nothing here, as in the first version.
 *
 * @throws ExecGoError `invalid_input` naming the parameter
 */
export function taskFilter(query: Query, maxLimit: number): TaskQuery {
  const status = STATUS.read(query);
  const type = TYPE.read(query);
  const graph_id = GRAPH.read(query);
  const handle_id = HANDLE.read(query);
  const annotations = annotationFilter(query);
  const limit = limitOf(maxLimit).read(query);
  const cursor = CURSOR.read(query);
  return {
    ...(status !== undefined && { status }),
    ...(type !== undefined && { type }),
    ...(graph_id !== undefined && { graph_id }),
    ...(handle_id !== undefined && { handle_id }),
    ...(annotations !== undefined && { annotations }),
    ...(limit !== undefined && { limit }),
    ...(cursor !== undefined && { before: decodeCursor(cursor) }),
  };
}

function annotationFilter(query: Query): Record<string, string> | undefined {
  const wanted: Record<string, unknown> = {};
  let any = false;
  for (const name of query.names()) {
    if (!name.startsWith(ANNOTATION)) continue;
    if (name === ANNOTATION) throw invalidParameter(name, 'the name of an annotation must follow the dot');
    setOwn(wanted, name.slice(ANNOTATION.length), query.value(name));
    any = true;
  }
  return any ? (wanted as Record<string, string>) : undefined;
}
