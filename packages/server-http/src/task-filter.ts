import { setOwn, TASK_STATUSES, type TaskQuery } from '@execgo/core';
import { decodeCursor } from './cursor.js';
import { invalidParameter, type Query } from './query.js';

const ANNOTATION = 'annotation.';

/**
 * What `GET /tasks` was asked for: `status type graph_id handle_id annotation.<key> limit cursor`. Other parameters mean
 * nothing here, as in the first version.
 *
 * @throws ExecGoError `invalid_input` naming the parameter
 */
export function taskFilter(query: Query, maxLimit: number): TaskQuery {
  const status = query.choice('status', TASK_STATUSES);
  const type = query.text('type');
  const graph_id = query.text('graph_id');
  const handle_id = query.text('handle_id');
  const annotations = annotationFilter(query);
  const limit = query.integer('limit', 1, maxLimit);
  const cursor = query.text('cursor');
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
