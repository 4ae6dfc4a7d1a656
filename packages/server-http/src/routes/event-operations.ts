import * as v from 'valibot';
import type { ResolvedLimits } from '../app-options.js';
import { EVENT_STREAM } from '../event-stream.js';
import { EVENT_EXAMPLE, EVENT_STREAM_EXAMPLE } from '../openapi/examples.js';
import type { Operation } from '../openapi/operation.js';
import { LAST_EVENT_ID, TASK_ID } from '../openapi/parameters.js';
import { choiceParameter, integerParameter, textParameter } from '../query-parameter.js';
import { Event } from '../schemas/event.js';

export const AFTER = integerParameter(
  { name: 'after', description: 'Only events after this seq.' },
  0,
  Number.MAX_SAFE_INTEGER,
);
export const GRAPH = textParameter({ name: 'graph_id', description: 'Only events of this submission.' });
export const LIVE = choiceParameter(
  {
    name: 'live',
    description: 'Of a stream: also live reports (`task_progressed`, `task_output`), which have no seq. Default: true',
  },
  ['true', 'false'],
);
export const eventLimit = ({ maxPageItems }: ResolvedLimits) =>
  integerParameter({ name: 'limit', description: 'Of JSON: at most so many events. Default: all' }, 1, maxPageItems);

const STREAMING =
  'JSON holds what is kept, by seq. A stream (`Accept: text/event-stream`) goes on with what happens: `id` is the seq and `event` the type, each event comes once and in order, and a client that comes back with `Last-Event-ID` misses nothing. The position it begins at goes ahead of the first event, as an id alone.';

const ANSWERS: Operation['answers'] = {
  200: {
    description: 'The events.',
    content: {
      'application/json': { schema: v.array(Event), example: [EVENT_EXAMPLE] },
      [EVENT_STREAM]: { schema: { type: 'string' }, example: EVENT_STREAM_EXAMPLE },
    },
  },
};

export function describeEvents(limits: ResolvedLimits): Operation {
  return {
    operationId: 'listEvents',
    tag: 'events',
    summary: 'What happened, or what happens',
    description: `${STREAMING} Without a position a stream begins now, and that of one submission with it.`,
    parameters: [AFTER, GRAPH, eventLimit(limits), LIVE, LAST_EVENT_ID],
    answers: ANSWERS,
    errors: ['not_found', 'gone', 'unavailable'],
  };
}

export function describeTaskEvents(limits: ResolvedLimits): Operation {
  return {
    operationId: 'listTaskEvents',
    tag: 'events',
    summary: 'The story of a task',
    description: `${STREAMING} Without a position a stream begins with the submission of the task.`,
    parameters: [TASK_ID, AFTER, eventLimit(limits), LIVE, LAST_EVENT_ID],
    answers: ANSWERS,
    errors: ['not_found', 'gone', 'unavailable'],
  };
}
