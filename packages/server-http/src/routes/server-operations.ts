import { jsonAnswer, type Operation } from '../openapi/operation.js';
import { Alive, Health, Metrics } from '../schemas/server.js';

export const GET_HEALTH: Operation = {
  operationId: 'getHealth',
  tag: 'server',
  summary: 'Version, uptime, and how the kernel is',
  answers: {
    200: jsonAnswer('The server answers.', Health, { status: 'ok', version: 'v0.1.0', uptime: '2h0m5s', state: 'ok' }),
  },
};

export const GET_LIVE: Operation = {
  operationId: 'getLive',
  tag: 'server',
  summary: 'Whether the process serves',
  answers: { 200: jsonAnswer('It does.', Alive, { status: 'ok' }) },
};

export const GET_READY: Operation = {
  operationId: 'getReady',
  tag: 'server',
  summary: 'Whether the kernel takes work',
  answers: { 200: jsonAnswer('It does.', Alive, { status: 'ok' }) },
  errors: ['unavailable'],
};

export const GET_METRICS: Operation = {
  operationId: 'getMetrics',
  tag: 'server',
  summary: 'Counters since the server started',
  description: 'JSON, or all figures in the text format of Prometheus where `Accept` prefers that.',
  answers: {
    200: {
      description: 'The figures.',
      content: {
        'application/json': {
          schema: Metrics,
          example: { tasks_total: 3, tasks_running: 1, tasks_succeeded: 2, tasks_failed: 0, by_type: { os: 3 } },
        },
        'text/plain': { schema: { type: 'string' }, example: 'execgo_tasks_submitted_total 3\n' },
      },
    },
  },
};

export const GET_OPENAPI: Operation = {
  operationId: 'getOpenApi',
  tag: 'server',
  summary: 'This document',
  answers: {
    200: jsonAnswer(
      'OpenAPI 3.1.',
      { type: 'object' },
      {
        openapi: '3.1.0',
        info: { title: 'ExecGo', version: '0.1.0' },
      },
    ),
  },
};
