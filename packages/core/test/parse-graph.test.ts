import { describe, expect, it } from 'vitest';
import { parseGraph, runSliced } from '../src/index.js';

const parse = (raw: unknown, maxTasks = 10_000) => runSliced(parseGraph(raw, maxTasks));
const task = (at: number) => ({ id: `t${at}`, type: 'os', tool_name: 'noop' });

describe('a submitted graph', () => {
  it('gives the specs of its tasks, in order', () => {
    const { specs, warnings } = parse({ tasks: [task(0), task(1)] });
    expect(specs.map(({ id }) => id)).toEqual(['t0', 't1']);
    expect(warnings).toEqual([]);
  });

  it.each([
    [null, 'expected an object with tasks, got null'],
    [[], 'expected an object with tasks, got an array'],
    ['text', 'expected an object with tasks, got "text"'],
    [7, 'expected an object with tasks, got 7'],
    [{ tasks: {} }, 'tasks: expected an array, got an object'],
    [{ tasks: 'all' }, 'tasks: expected an array, got "all"'],
    [{ tasks: [task(0), null] }, 'tasks[1]: expected an object, got null'],
    [{ tasks: [task(0), task(1), { ...task(2), retry: 'x' }] }, 'tasks[2].retry: expected an integer, got "x"'],
    [{ task: [] }, 'task: unknown field "task"; did you mean "tasks"?'],
  ])('%j is refused, naming the place', (raw, problem) => {
    expect(() => parse(raw)).toThrow(
      expect.objectContaining({ code: 'invalid_input', message: `invalid JSON: ${problem}` }),
    );
  });

  it.each([{}, { tasks: null }, { tasks: [] }])('%j has no tasks, which the graph reports', (raw) => {
    expect(parse(raw).specs).toEqual([]);
  });

  it('unknown fields beside tasks are ignored and named', () => {
    expect(parse({ tasks: [task(0)], comment: 'hi', version: 2 }).warnings).toEqual([
      'unknown field "comment" is ignored',
      'unknown field "version" is ignored',
    ]);
  });

  it('more tasks than allowed are too_large, naming both numbers', () => {
    const tasks = Array.from({ length: 11 }, (_, at) => task(at));
    expect(parse({ tasks }, 11).specs).toHaveLength(11);
    expect(() => parse({ tasks }, 10)).toThrow(
      expect.objectContaining({
        code: 'too_large',
        message: 'tasks: 11 tasks in one graph, the limit is 10',
        details: { field: 'tasks', limit: 10 },
      }),
    );
  });

  it('is parsed in slices of 1,000 tasks', () => {
    const steps = parseGraph({ tasks: Array.from({ length: 2_500 }, (_, at) => task(at)) }, 10_000);
    let slices = 0;
    while (!steps.next().done) slices += 1;
    expect(slices).toBe(2);
  });
});
