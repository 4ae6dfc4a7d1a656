import { OUTPUT_STREAMS } from '@execgo/core';
import { EVENT_STREAM } from '../event-stream.js';
import { OUTPUT_EXAMPLE, OUTPUT_STREAM_EXAMPLE } from '../openapi/examples.js';
import type { Answer, Operation } from '../openapi/operation.js';
import { LAST_EVENT_ID, TASK_ID } from '../openapi/parameters.js';
import { choiceParameter, textParameter } from '../query-parameter.js';
import { Output } from '../schemas/output.js';

export const STREAM = choiceParameter(
  { name: 'stream', description: 'The bytes of this stream, as they are.' },
  OUTPUT_STREAMS,
);
export const POSITION = textParameter({
  name: 'after',
  description: 'The `id` of the last message that the client has: the stream goes on behind it.',
});

const RAW_HEADERS: Answer['headers'] = {
  'Accept-Ranges': { description: 'With `stream`: `bytes`.', schema: { type: 'string' } },
  ETag: {
    description: 'With `stream`, once the attempt is over: names it, for `If-Range`.',
    schema: { type: 'string' },
  },
  'X-Output-Attempt': { description: 'With `stream`: whose output it is.', schema: { type: 'integer' } },
  'X-Output-Truncated': { description: 'With `stream`: it is not all that was written.', schema: { type: 'string' } },
};
const BYTES = {
  'text/plain': { schema: { type: 'string' }, example: 'total 0\n' },
  'application/octet-stream': { schema: {}, example: 'any bytes' },
};

export const GET_OUTPUT: Operation = {
  operationId: 'getTaskOutput',
  tag: 'output',
  summary: 'What the newest attempt of a task wrote',
  description:
    'JSON tells how much, and the text where it is short. With `stream` the bytes themselves, or one range of them. As a stream (`Accept: text/event-stream`) what is captured, then what comes, until the task is terminal: `attempt` says whose output follows, `task_output` holds whole characters as `text` or other bytes as `base64`, `end` is the last message.',
  parameters: [
    TASK_ID,
    STREAM,
    POSITION,
    LAST_EVENT_ID,
    {
      in: 'header',
      name: 'Range',
      description: 'With `stream`: one range of bytes. `a-b`, `a-` or `-n`.',
      schema: { type: 'string' },
      example: 'bytes=0-1023',
    },
    {
      in: 'header',
      name: 'If-Range',
      description: 'The `ETag` that the range is to belong to; of another attempt everything is sent.',
      schema: { type: 'string' },
    },
  ],
  answers: {
    200: {
      description: 'The output.',
      headers: RAW_HEADERS,
      content: {
        'application/json': { schema: Output, example: OUTPUT_EXAMPLE },
        [EVENT_STREAM]: { schema: { type: 'string' }, example: OUTPUT_STREAM_EXAMPLE },
        ...BYTES,
      },
    },
    206: {
      description: 'The range.',
      headers: {
        ...RAW_HEADERS,
        'Content-Range': { description: 'Which; the total of a running attempt is `*`.', schema: { type: 'string' } },
      },
      content: BYTES,
    },
  },
  errors: ['not_found', 'conflict', 'unavailable'],
  otherErrors: { 416: 'Range: the stream is not that long; `details.size` is how long it is' },
};
