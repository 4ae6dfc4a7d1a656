import { chainShape, graphScenario, INVALID_IDS, layeredShape, ODD_IDS, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXTERNAL,
  ExecGoError,
  indexTasks,
  linkGraph,
  runSliced,
  type Sliced,
  type TaskGraph,
  type TaskSpec,
  unknownType,
  validateGraph,
} from '../src/index.js';
import { NONE, specsOf, validate } from './support/graphs.js';

/** A graph written as `{ task: [its dependencies] }`. */
function specs(graph: Readonly<Record<string, readonly string[]>>): readonly TaskSpec[] {
  return Object.entries(graph).map(([id, depends_on]) => spec({ id, depends_on }));
}

function refusal(tasks: readonly TaskSpec[]): ExecGoError {
  try {
    validate(tasks);
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_input' });
    return error as ExecGoError;
  }
  return new ExecGoError('internal', 'no error');
}

describe('a rejected graph says what is wrong, in the words of the contract', () => {
  const a = spec({ id: 'a' });
  const cases: readonly [string, readonly TaskSpec[], string, string | undefined][] = [
    ['an empty list', [], 'task graph is empty', undefined],
    ['no id', [a, spec({ id: '' })], 'task id is required', 'tasks[1].id'],
    ['no type', [spec({ id: 'b', type: '' })], 'task "b": type is required', 'tasks[0].type'],
    ['an id twice', [a, spec({ id: 'b' }), a], 'duplicate task id: "a"', 'tasks[2].id'],
    [
      'an unknown dependency',
      [a, spec({ id: 'b', depends_on: ['a', 'x'] })],
      'task "b" depends on unknown task "x"',
      'tasks[1].depends_on',
    ],
    ['itself', [spec({ id: 'a', depends_on: ['a'] })], 'task "a" cannot depend on itself', 'tasks[0].depends_on'],
    [
      'an id that needs quoting',
      [spec({ id: 'a"b', depends_on: ['c\\d'] })],
      'task "a\\"b" depends on unknown task "c\\\\d"',
      'tasks[0].depends_on',
    ],
  ];

  it.each(cases)('%s', (_, tasks, message, field) => {
    const error = refusal(tasks);
    expect(error.message).toBe(message);
    expect(error.details).toEqual(field === undefined ? undefined : { field });
  });

  it.each(INVALID_IDS.slice(1))('an id that may not be: %j', (id) => {
    const error = refusal([a, spec({ id })]);
    expect(error.message).toBe('tasks[1].id: must be 1–256 characters of valid Unicode without control characters');
  });

  it('a cycle, and names one', () => {
    const error = refusal(specs({ start: [], a: ['start', 'c'], b: ['a'], c: ['b'], end: ['c'] }));
    expect(error.message).toBe('cycle detected in task graph: "a" -> "c" -> "b" -> "a"');
    expect(error.details).toEqual({ cycle: ['a', 'c', 'b', 'a'] });
  });

  it('a long cycle is named in part, and whole in the details', () => {
    const ring = Array.from({ length: 50 }, (_, at) => spec({ id: `t${at}`, depends_on: [`t${(at + 1) % 50}`] }));
    const error = refusal(ring);
    expect(error.message).toMatch(/^cycle detected in task graph: "t0" -> "t1" -> .* -> … \(50 tasks\)$/);
    expect(error.details?.cycle).toHaveLength(51);
  });

  it('an unknown type, with those there are, sorted', () => {
    const error = unknownType('magic', ['os', 'cli-skills', 'mcp']);
    expect(error.message).toBe('unknown task type: magic (available: cli-skills, mcp, os)');
    expect(error).toMatchObject({
      code: 'invalid_input',
      details: { type: 'magic', available: ['cli-skills', 'mcp', 'os'] },
    });
  });
});

describe('the order of the checks', () => {
  it('ids and types of all tasks come before any dependency', () => {
    const message = refusal([spec({ id: 'a', depends_on: ['a', 'x'] }), spec({ id: 'b' }), spec({ id: 'b' })]).message;
    expect(message).toBe('duplicate task id: "b"');
  });

  it('within a task the id comes before the type, and both before a repeat', () => {
    expect(refusal([spec({ id: '', type: '' })]).message).toBe('task id is required');
    expect(refusal([spec({ id: 'a' }), spec({ id: 'a', type: '' })]).message).toBe('task "a": type is required');
  });

  it('dependencies go task by task, in their order', () => {
    const tasks = [spec({ id: 'a', depends_on: ['b', 'a', 'x'] }), spec({ id: 'b', depends_on: ['y'] })];
    expect(refusal(tasks).message).toBe('task "a" cannot depend on itself');
    const other = [spec({ id: 'a', depends_on: ['b', 'x', 'a'] }), spec({ id: 'b' })];
    expect(refusal(other).message).toBe('task "a" depends on unknown task "x"');
  });

  it('a cycle comes last', () => {
    const tasks = [...specs({ a: ['b'], b: ['a'] }), spec({ id: 'c', depends_on: ['x'] })];
    expect(refusal(tasks).message).toBe('task "c" depends on unknown task "x"');
  });
});

describe('a valid graph', () => {
  it('knows how many dependencies each task has, and who depends on it', () => {
    const graph = validate(specs({ d: ['b', 'c'], a: [], b: ['a'], c: ['a'] }));
    expect([...graph.dependencyCounts]).toEqual([2, 0, 1, 1]);
    expect(dependentsOf(graph)).toEqual({ d: [], a: ['b', 'c'], b: ['d'], c: ['d'] });
  });

  it('may depend on ids the server already knows, in the graph or outside', () => {
    const graph = validate(specs({ a: ['known', 'b', 'other'], b: [] }), (id) => id !== 'x');
    expect([...graph.external]).toEqual(['known', 'other']);
    expect([...graph.dependencies]).toEqual([EXTERNAL, 1, EXTERNAL]);
    expect([...graph.dependencyCounts]).toEqual([1, 0]);
  });

  it('odd ids are ordinary: none is taken for a member of an object', () => {
    const chain = ODD_IDS.map((id, at) => spec({ id, depends_on: at === 0 ? [] : [ODD_IDS[at - 1] as string] }));
    expect([...validate(chain).dependencyCounts]).toEqual(ODD_IDS.map((_, at) => Math.min(at, 1)));
    for (const id of ['__proto__', 'constructor', 'toString']) {
      expect(refusal([spec({ id: 'a', depends_on: [id] })]).message).toBe(`task "a" depends on unknown task "${id}"`);
    }
  });

  it('every random graph without cycles is accepted, and every one with a cycle is refused with a real cycle', () => {
    fc.assert(
      fc.property(graphScenario(), fc.nat(), fc.nat(), (scenario, from, to) => {
        const tasks = scenario.tasks.map(({ id, depends_on }) => spec({ id, depends_on }));
        const graph = validate(tasks);
        expect(edgesByDependents(graph)).toEqual(edgesByDependencies(tasks));
        expect(runSliced(linkGraph(tasks))).toEqual(graph);
        const looped = withEdge(tasks, from % tasks.length, to % tasks.length);
        if (looped === undefined) return;
        const cycle = refusal(looped).details?.cycle as readonly string[];
        const byId = new Map(looped.map((task) => [task.id, task]));
        expect(cycle.length).toBeGreaterThan(2);
        expect(cycle[0]).toBe(cycle.at(-1));
        expect(new Set(cycle).size).toBe(cycle.length - 1);
        for (const [at, id] of cycle.slice(0, -1).entries()) expect(byId.get(id)?.depends_on).toContain(cycle[at + 1]);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('size', () => {
  it('a chain of 100,000 tasks does not touch the stack, in either direction, with or without a cycle', () => {
    const chain = specsOf(chainShape(100_000));
    expect(validate(chain).specs).toHaveLength(100_000);
    expect(validate([...chain].reverse()).specs).toHaveLength(100_000);
    const ring = [spec({ id: 't0', depends_on: ['t99999'] }), ...chain.slice(1)];
    expect(refusal(ring).message).toContain('(100000 tasks)');
  });

  it('works in slices, so that the event loop may turn', () => {
    const tasks = specsOf(layeredShape(100, 100, 3));
    const indexing = countSlices(indexTasks(tasks));
    const validating = countSlices(validateGraph(runSliced(indexTasks(tasks)), NONE));
    expect(indexing).toBeGreaterThan(5);
    expect(validating).toBeGreaterThan(1);
  });
});

function dependentsOf(graph: TaskGraph): Record<string, readonly string[]> {
  const idAt = (index: number) => graph.specs[index]?.id ?? '';
  return Object.fromEntries(
    graph.specs.map(({ id }, at) => {
      const own = graph.dependents.subarray(graph.dependentOffsets[at], graph.dependentOffsets[at + 1]);
      return [id, Array.from(own, idAt)];
    }),
  );
}

function edgesByDependents(graph: TaskGraph): readonly string[] {
  return Object.entries(dependentsOf(graph))
    .flatMap(([id, dependents]) => dependents.map((dependent) => `${dependent} after ${id}`))
    .sort();
}

function edgesByDependencies(tasks: readonly TaskSpec[]): readonly string[] {
  return tasks.flatMap(({ id, depends_on }) => depends_on.map((dependency) => `${id} after ${dependency}`)).sort();
}

/** The graph with the earlier one of two tasks depending on the later one, where that closes a cycle. */
function withEdge(tasks: readonly TaskSpec[], first: number, second: number): readonly TaskSpec[] | undefined {
  const [from, to] = [tasks[first], tasks[second]];
  if (from === undefined || to === undefined || from === to || !reaches(tasks, to, from)) return undefined;
  return tasks.map((task) => (task === from ? spec({ ...task, depends_on: [...task.depends_on, to.id] }) : task));
}

/** Whether `from` depends on `to`, through any number of others. */
function reaches(tasks: readonly TaskSpec[], from: TaskSpec, to: TaskSpec): boolean {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const seen = new Set<string>();
  const open = [from];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (task === to) return true;
    for (const id of task.depends_on) {
      const dependency = byId.get(id);
      if (dependency === undefined || seen.has(id)) continue;
      seen.add(id);
      open.push(dependency);
    }
  }
  return false;
}

function countSlices(work: Sliced<unknown>): number {
  let slices = 0;
  while (!work.next().done) slices += 1;
  return slices;
}
