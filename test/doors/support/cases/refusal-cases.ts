import type { JsonObject } from '@execgo/core';
import { expect } from 'vitest';
import { accepted, type DoorCase, refused, refusedGraph, SUCCEEDED, shown } from '../door-case.js';
import { MAX_TASKS } from '../server.js';

/** One more is refused. */
const MAX_DEPTH = 64;
const MAX_ID_LENGTH = 256;

const one = (task: JsonObject): JsonObject => ({ tasks: [task] });
/** A task that could run but for these fields. */
const wrong = (fields: JsonObject): JsonObject => one({ id: 'never', type: 'noop', ...fields });
const os = (tool_name: string, input: JsonObject): JsonObject => one({ id: 'never', type: 'os', tool_name, input });
const naming = (...texts: readonly string[]): unknown => {
  const escaped = texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return expect.stringMatching(new RegExp(escaped.join('.*')));
};

function nested(depth: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 1; level < depth; level += 1) value = { deeper: value };
  return value;
}

const ring = (id: (name: string) => string, size: number): JsonObject => ({
  tasks: Array.from({ length: size }, (_, at) => ({
    id: id(`t${at}`),
    type: 'noop',
    depends_on: [id(`t${(at + 1) % size}`)],
  })),
});

/** Graphs that are refused, whole. */
export const REFUSAL_CASES: readonly DoorCase[] = [
  refusedGraph('an empty list', { tasks: [] }, 'task graph is empty'),
  refusedGraph('no list at all', {}, 'task graph is empty'),
  refusedGraph('a task without an id', one({ type: 'noop' }), 'task id is required'),
  refusedGraph('a task without a type', one({ id: 'a' }), 'task "a": type is required'),
  refusedGraph('an id twice', { tasks: ['a', 'b', 'a'].map((id) => ({ id, type: 'noop' })) }, 'duplicate task id: "a"'),
  refusedGraph(
    'a dependency on a task that nobody knows',
    wrong({ depends_on: ['nobody'] }),
    'task "never" depends on unknown task "nobody"',
  ),
  refusedGraph('a dependency on itself', wrong({ depends_on: ['never'] }), 'task "never" cannot depend on itself'),
  refusedGraph(
    'a cycle, which is named',
    (id) => ring(id, 3),
    'cycle detected in task graph: "t0" -> "t1" -> "t2" -> "t0"',
  ),
  refusedGraph(
    'a long cycle',
    (id) => ring(id, 30),
    naming('cycle detected in task graph: "t0" -> "t1"', '(30 tasks)'),
  ),
  refusedGraph(
    'a type that no executor serves',
    wrong({ type: 'teleport' }),
    'unknown task type: teleport (available: cli-skills, mcp, os, runtime)',
  ),
  refusedGraph(
    'of several errors the first one of the contract: ids before dependencies',
    { tasks: [{ id: 'a', type: 'noop', depends_on: ['nobody'] }, { type: 'noop' }] },
    'task id is required',
  ),
  refusedGraph(
    'of several errors the first one of the contract: cycles before types',
    {
      tasks: [
        { id: 'a', type: 'teleport', depends_on: ['b'] },
        { id: 'b', type: 'noop', depends_on: ['a'] },
      ],
    },
    naming('cycle detected in task graph'),
  ),
  refusedGraph(
    'a reference to a task that is not in depends_on',
    wrong({ input: { message: { $from: 'elsewhere' } } }),
    naming('elsewhere', 'depends_on'),
  ),
  {
    name: 'a rejected graph leaves nothing behind',
    run: async ({ id, submit, get }) => {
      await submit([
        { id: id('good'), type: 'noop' },
        { id: id('bad'), type: 'noop', depends_on: [id('nobody')] },
      ]);
      await get('good');
    },
    expected: [
      refused('invalid_input', 'task "bad" depends on unknown task "nobody"'),
      refused('not_found', 'task not found: good'),
    ],
  },
  {
    name: 'a task that was deleted is unknown',
    run: async ({ id, submit, wait, remove }) => {
      await submit([{ id: id('a'), type: 'noop' }]);
      await wait('a');
      await remove('a');
      await submit([{ id: id('b'), type: 'noop', depends_on: [id('a')] }]);
    },
    expected: [
      accepted('a'),
      shown('a', SUCCEEDED),
      { ok: true },
      refused('invalid_input', 'task "b" depends on unknown task "a"'),
    ],
  },

  // Wrong types, by their path.
  refusedGraph('tasks that are no list', { tasks: 'a' }, 'invalid JSON: tasks: expected an array, got "a"'),
  refusedGraph('a task that is no object', { tasks: [5] }, 'invalid JSON: tasks[0]: expected an object, got 5'),
  refusedGraph('an id that is a number', wrong({ id: 5 }), 'invalid JSON: tasks[0].id: expected a string, got 5'),
  refusedGraph(
    'a retry in words',
    wrong({ retry: 'twice' }),
    naming('invalid JSON: tasks[0].retry: expected an integer'),
  ),
  refusedGraph('a retry with a fraction', wrong({ retry: 1.5 }), naming('invalid JSON: tasks[0].retry: ', '1.5')),
  refusedGraph('a timeout with a fraction', wrong({ timeout: 0.5 }), naming('invalid JSON: tasks[0].timeout: ', '0.5')),
  refusedGraph(
    'dependencies that are no list',
    wrong({ depends_on: 'a' }),
    naming('tasks[0].depends_on: expected an array'),
  ),
  refusedGraph('a dependency that is a number', wrong({ depends_on: [7] }), naming('tasks[0].depends_on[0]: ', '7')),
  refusedGraph(
    'an annotation that is a number',
    wrong({ annotations: { a: 1 } }),
    naming('invalid JSON: tasks[0].annotations: '),
  ),
  refusedGraph('a tool name that is an object', wrong({ tool_name: {} }), naming('invalid JSON: tasks[0].tool_name: ')),
  refusedGraph(
    'an on_interrupt that there is not',
    wrong({ on_interrupt: 'maybe' }),
    'invalid JSON: tasks[0].on_interrupt: expected "retry" or "fail", got "maybe"',
  ),
  refusedGraph(
    'the place of the second task is told too',
    {
      tasks: [
        { id: 'a', type: 'noop' },
        { id: 'b', type: 'noop', priority: 101 },
      ],
    },
    'invalid JSON: tasks[1].priority: must be between -100 and 100, got 101',
  ),
  refusedGraph(
    'a field that nearly is a known one',
    wrong({ dependson: [] }),
    naming('tasks[0].dependson: ', '"depends_on"'),
  ),
  refusedGraph('a list of tasks under a name that nearly is its own', { task: [] }, naming('task: ', '"tasks"')),
  {
    name: 'an unknown field beside the tasks is ignored, and named in the warnings',
    run: async ({ id, submitGraph }) => {
      await submitGraph({ tasks: [{ id: id('a'), type: 'noop' }], explanation: 'why' });
    },
    expected: [{ ok: true, receipt: { warnings: ['unknown field "explanation" is ignored'] } }],
  },

  // Limits.
  refusedGraph(
    'one task too many',
    { tasks: Array.from({ length: MAX_TASKS + 1 }, (_, at) => ({ id: `t${at}`, type: 'noop' })) },
    `tasks: ${MAX_TASKS + 1} tasks in one graph, the limit is ${MAX_TASKS}`,
    'too_large',
  ),
  refusedGraph(
    'more retries than 1000',
    wrong({ retry: 1001 }),
    'invalid JSON: tasks[0].retry: must be at most 1000, got 1001',
  ),
  refusedGraph(
    'a priority under −100',
    wrong({ priority: -101 }),
    'invalid JSON: tasks[0].priority: must be between -100 and 100, got -101',
  ),
  refusedGraph(
    'an id that is too long',
    wrong({ id: 'x'.repeat(MAX_ID_LENGTH + 1) }),
    naming('tasks[0].id: must be 1–256'),
  ),
  refusedGraph(
    'an id with a control character',
    wrong({ id: 'a\nb' }),
    naming('tasks[0].id: must be', 'without control'),
  ),
  refusedGraph('an id of half a character', wrong({ id: 'a\ud800' }), naming('tasks[0].id: must be', 'valid Unicode')),
  refusedGraph(
    'input that is nested too deep',
    wrong({ input: nested(MAX_DEPTH + 1) }),
    naming('tasks[0].input: must not be nested'),
  ),
  refusedGraph(
    'params that are nested too deep',
    wrong({ params: nested(MAX_DEPTH + 1) }),
    naming('tasks[0].params: must not be nested'),
  ),

  // What executors refuse.
  refusedGraph('a tool that there is not', os('teleport', {}), naming('teleport'), 'not_found'),
  refusedGraph('a command that is missing', os('shell', {}), naming('command')),
  refusedGraph('input of the wrong type for its tool', os('sleep', { duration_ms: 'long' }), naming('duration_ms')),
  refusedGraph('a command that is not allowed', os('shell', { command: 'python3' }), naming('python3'), 'denied'),
  refusedGraph(
    'a path outside the workspace',
    os('file', { action: 'read', path: '../../etc/passwd' }),
    naming('passwd'),
    'denied',
  ),
  refusedGraph(
    'a command of skills that is not allowed',
    one({ id: 'never', type: 'cli-skills', input: { command: 'python3' } }),
    naming('python3'),
    'denied',
  ),
  refusedGraph(
    'a server of MCP that nobody configured',
    one({ id: 'never', type: 'mcp', tool_name: 'nobody.tool' }),
    naming('nobody'),
    'not_found',
  ),
  refusedGraph(
    'an address that may not be connected to',
    os('http', { url: 'http://169.254.169.254/latest' }),
    naming('169.254.169.254'),
    'denied',
  ),
];
