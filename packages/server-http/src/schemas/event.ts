import * as v from 'valibot';
import { json, time } from './task.js';

const EVENT_TYPES = [
  'graph_submitted',
  'task_submitted',
  'task_started',
  'task_accepted',
  'task_retried',
  'task_reset',
  'task_succeeded',
  'task_failed',
  'task_cancelled',
  'task_skipped',
  'task_deleted',
] as const;

export const Event = v.pipe(
  v.object({
    seq: v.pipe(v.number(), v.integer(), v.minValue(1), v.description('Place in the one sequence of the store.')),
    type: v.picklist(EVENT_TYPES),
    timestamp: time('When.'),
    graph_id: v.string(),
    task_id: v.exactOptional(v.string()),
    handle_id: v.exactOptional(v.string()),
    data: v.exactOptional(
      v.pipe(
        v.object({
          actor: v.exactOptional(v.pipe(v.string(), v.description('Whose token asked for it.'))),
          task: v.exactOptional(json('`task_submitted`: what was asked for.')),
          attempt: v.exactOptional(v.pipe(v.number(), v.integer())),
          error: v.exactOptional(json('Why: `{code, message, …}`.')),
          result: v.exactOptional(json('What the tool gave.')),
          details: v.exactOptional(json('Facts about the attempt.')),
          progress: v.exactOptional(json('The newest 100 notes of the attempt.')),
          not_before: v.exactOptional(time('`task_retried`: when the next attempt may begin.')),
          reason: v.exactOptional(v.picklist(['shutdown', 'crash'])),
          dependency: v.exactOptional(v.pipe(v.string(), v.description('`task_skipped`: which one did not succeed.'))),
          because: v.exactOptional(v.picklist(['failed', 'skipped'])),
        }),
        v.description('By type.'),
      ),
    ),
  }),
  v.description('A durable event.'),
);
