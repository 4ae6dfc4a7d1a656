import type { ResolvedLimits } from '../app-options.js';
import { WAIT } from '../long-poll.js';
import { CANCELLED_SUMMARY_EXAMPLE, SUMMARY_EXAMPLE } from '../openapi/examples.js';
import { jsonAnswer, type Operation } from '../openapi/operation.js';
import { GRAPH_ID } from '../openapi/parameters.js';
import { GraphSummary } from '../schemas/task.js';
import { cancelBody } from './task-operations.js';

export const GET_GRAPH: Operation = {
  operationId: 'getGraph',
  tag: 'graphs',
  summary: 'What a submission came to, or wait for it',
  parameters: [GRAPH_ID, WAIT],
  answers: {
    200: jsonAnswer('Its tasks by status; with `wait` as soon as all are terminal.', GraphSummary, SUMMARY_EXAMPLE),
  },
  errors: ['not_found', 'unavailable'],
};

export function describeCancelGraph(limits: ResolvedLimits): Operation {
  return {
    operationId: 'cancelGraph',
    tag: 'graphs',
    summary: 'Cancel what a submission brought',
    description: 'Every task that is not terminal. The answer comes when nothing of them runs any more.',
    parameters: [GRAPH_ID],
    body: cancelBody(limits),
    answers: { 200: jsonAnswer('What it came to.', GraphSummary, CANCELLED_SUMMARY_EXAMPLE) },
    errors: ['not_found', 'unavailable'],
  };
}
