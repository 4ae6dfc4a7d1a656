import { ExecGoError } from '@execgo/core';
import { FakeRun } from '@execgo/testkit';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { argumentList, defineTool, fieldError, runEntries, text, withTask } from '../src/index.js';

const tool = defineTool({
  name: 'join',
  description: 'Joins words.',
  annotations: { read_only: true },
  schema: v.object({ words: argumentList, by: v.optional(text), ...runEntries }),
  check({ input }, path) {
    if (input.words?.length === 0) throw fieldError(`${path}.words`, 'must not be empty');
  },
  run: async ({ words, by = ' ' }, { taskId }) => `${taskId}: ${words.join(by)}`,
});

it('checks by its schema, then by what a schema cannot say', () => {
  expect(() => tool.check({ words: 'x' }, 'params')).toThrow('params.words: expected an array of strings');
  expect(() => tool.check({ words: [] }, 'params')).toThrow('params.words: must not be empty');
  expect(() => tool.check({ words: [{ $from: 'a' }] }, 'input')).not.toThrow();
});

it.each<[object, string]>([
  [{ words: ['a\0b'] }, 'input.words[0]: must not hold a NUL character'],
  [{ words: ['x'.repeat(131_072)] }, 'input.words[0]: must not exceed 131071 bytes'],
  [{ env: { A: 1 } }, 'input.env: expected an object with string values'],
  [{ stdin: 7 }, 'input.stdin: expected a string, got 7'],
  [{ limits: { wall_time_ms: 0 } }, 'input.limits.wall_time_ms: expected a positive integer, got 0'],
  [{ sandbox: { network: 'no' } }, 'input.sandbox.network: expected true or false, got "no"'],
])('what running a program takes is checked: %j', (fields, message) => {
  expect(() => tool.check({ words: ['a'], ...fields }, 'input')).toThrow(message);
});

it('runs on checked input alone', async () => {
  const context = { taskId: 't', run: new FakeRun() };
  expect(await tool.run({ words: ['a', 'b'], extra: 1 }, 'input', context)).toBe('t: a b');
  await expect(tool.run({ words: 5 }, 'input', context)).rejects.toMatchObject({ code: 'invalid_input' });
});

it('is described by the schema that checks it', () => {
  expect(tool.tool).toMatchObject({ name: 'join', description: 'Joins words.', annotations: { read_only: true } });
  expect(tool.tool.input_schema).toMatchObject({
    type: 'object',
    required: ['words'],
    properties: {
      words: { type: 'array', items: { type: 'string' } },
      env: { type: 'object', additionalProperties: { type: 'string' } },
      limits: { properties: { wall_time_ms: { type: 'integer', minimum: 1 } } },
    },
  });
});

it('withTask names the task, and keeps code and details', () => {
  const error = withTask(fieldError('input.x', 'is required'), { id: 'a' });
  expect(error).toMatchObject({
    code: 'invalid_input',
    message: 'task "a": input.x: is required',
    details: { field: 'input.x' },
  });
  expect(error).toBeInstanceOf(ExecGoError);
  const other = new TypeError('x');
  expect(withTask(other, { id: 'a' })).toBe(other);
});
