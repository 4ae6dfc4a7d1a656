import { type Parameter, pathParameter } from './operation.js';

export const TASK_ID = pathParameter('id', 'Id of the task, percent-encoded: `a/b` is `a%2Fb`.', 'build');
export const GRAPH_ID = pathParameter('id', 'The `graph_id` of the receipt.', 'g17-5d1f0a2b');

export const IDEMPOTENCY_KEY: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  description:
    'A repeat with the same key and body is answered with the first receipt, for 24 hours. The same key with another body is a conflict. Keys of different callers are different keys.',
  schema: { type: 'string', pattern: '^[!-~]{1,256}$' },
  example: 'deploy-2026-01-31-1',
};

export const LAST_EVENT_ID: Parameter = {
  in: 'header',
  name: 'Last-Event-ID',
  description: 'The `id` of the last event that the client has: the stream goes on behind it. Wins over `after`.',
  schema: { type: 'string' },
};
