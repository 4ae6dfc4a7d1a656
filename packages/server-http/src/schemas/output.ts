import * as v from 'valibot';
import { TaskStatus } from './task.js';

const bytes = (description: string) => v.pipe(v.number(), v.integer(), v.minValue(0), v.description(description));

const StreamOutput = v.object({
  bytes: bytes('That were written, as far as that is known.'),
  kept: bytes('That can be read: the first ones.'),
  truncated: v.pipe(v.boolean(), v.description('More was written than is kept.')),
  text: v.exactOptional(v.pipe(v.string(), v.description('Where it is short; else ask for the stream.'))),
  base64: v.exactOptional(v.pipe(v.string(), v.description('Instead of `text`, for what is no UTF-8.'))),
});

export const Output = v.object({
  task_id: v.string(),
  attempt: v.pipe(v.number(), v.integer(), v.description('The newest one; 0 where none has begun.')),
  status: TaskStatus,
  live: v.pipe(v.boolean(), v.description('It runs, and more may come.')),
  stdout: StreamOutput,
  stderr: StreamOutput,
});
