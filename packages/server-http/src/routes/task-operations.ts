import * as v from 'valibot';
import type { ResolvedLimits } from '../app-options.js';
import { cancellation } from '../cancel-options.js';
import { WAIT } from '../long-poll.js';
import { CANCELLED_EXAMPLE, GRAPH_EXAMPLE, RECEIPT_EXAMPLE, TASK_EXAMPLE } from '../openapi/examples.js';
import { jsonAnswer, type Operation, type RequestBody } from '../openapi/operation.js';
import { IDEMPOTENCY_KEY, TASK_ID } from '../openapi/parameters.js';
import { Receipt, Task, TaskGraph } from '../schemas/task.js';
import { taskFilterParameters } from '../task-filter.js';

export const SUBMIT: Operation = {
  operationId: 'submitTasks',
  tag: 'tasks',
  summary: 'Submit a graph of tasks',
  description:
    'The graph is taken whole or not at all, and the answer comes when it is durable. An id whose task is terminal is replaced, unless an unfinished task depends on it. A field within two edits of a known one is refused by name; any other unknown field is ignored and told in `warnings`.',
  parameters: [IDEMPOTENCY_KEY],
  body: { description: 'The graph.', schema: TaskGraph, example: GRAPH_EXAMPLE },
  answers: { 202: jsonAnswer('It is durable.', Receipt, RECEIPT_EXAMPLE) },
  errors: ['not_found', 'conflict', 'resource_exhausted', 'unavailable'],
};

export function describeList({ maxPageItems }: ResolvedLimits): Operation {
  return {
    operationId: 'listTasks',
    tag: 'tasks',
    summary: 'List tasks, newest first',
    description:
      'Without `limit` everything that fits, as one array, streamed: where the server fails on the way, the connection breaks off. With `limit` one page.',
    parameters: taskFilterParameters(maxPageItems),
    answers: {
      200: {
        ...jsonAnswer('The tasks.', v.array(Task), [TASK_EXAMPLE]),
        headers: {
          'X-Next-Cursor': {
            description: 'With `limit`: where the next page begins. Absent on the last one.',
            schema: { type: 'string' },
          },
          Link: { description: 'The next page, `rel="next"`.', schema: { type: 'string' } },
        },
      },
    },
    errors: ['unavailable'],
  };
}

export const GET_TASK: Operation = {
  operationId: 'getTask',
  tag: 'tasks',
  summary: 'Look at a task, or wait for it',
  parameters: [TASK_ID, WAIT],
  answers: { 200: jsonAnswer('The task; with `wait` as soon as it is terminal.', Task, TASK_EXAMPLE) },
  errors: ['not_found', 'unavailable'],
};

export const DELETE_TASK: Operation = {
  operationId: 'deleteTask',
  tag: 'tasks',
  summary: 'Delete a task',
  description: 'One that is not terminal is cancelled first. One that an unfinished task depends on is not deleted.',
  parameters: [TASK_ID],
  answers: { 204: { description: 'It is gone.' } },
  errors: ['not_found', 'conflict', 'unavailable'],
};

export function describeCancel(limits: ResolvedLimits): Operation {
  return {
    operationId: 'cancelTask',
    tag: 'tasks',
    summary: 'Cancel a task',
    description: 'What depends on it is skipped. The answer comes when nothing of it runs any more.',
    parameters: [TASK_ID],
    body: cancelBody(limits),
    answers: { 200: jsonAnswer('The task, cancelled now or before.', Task, CANCELLED_EXAMPLE) },
    errors: ['not_found', 'conflict', 'unavailable'],
  };
}

export function cancelBody(limits: ResolvedLimits): RequestBody {
  return {
    description: 'May be left out.',
    required: false,
    schema: cancellation(limits),
    example: { reason: 'wrong branch' },
  };
}
