import type { Task, TaskSpec } from '@execgo/core';
import { EventSequence, foldEvents, graphScenario, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GraphIndex, type TaskNode } from '../src/graph-index.js';
import { graphOf } from './support/nodes.js';

function add(index: GraphIndex, graphId: string, dependencies: Readonly<Record<string, readonly string[]>>) {
  const specs = Object.entries(dependencies).map(([id, depends_on]) => spec({ id, depends_on }));
  return index.addGraph(graphId, graphOf(specs));
}

function finished(id: string): Task {
  const make = new EventSequence();
  return foldEvents([make.submitted(id), make.started(id), make.succeeded(id)]).get(id) as Task;
}

function node(index: GraphIndex, id: string): TaskNode {
  return index.get(id) as TaskNode;
}

function dependentsOf(index: GraphIndex, id: string): readonly string[] {
  const ids: string[] = [];
  index.forEachDependent(node(index, id), (dependent) => ids.push(dependent.id));
  return ids;
}

describe('GraphIndex', () => {
  it('knows the dependents of each task, and what each waits for besides its own submission', () => {
    const index = new GraphIndex();
    add(index, 'g', { a: [], b: ['a'], c: ['a', 'b'] });
    expect(dependentsOf(index, 'a')).toEqual(['b', 'c']);
    expect(dependentsOf(index, 'c')).toEqual([]);
    expect(['a', 'b', 'c'].map((id) => node(index, id).openDependencies)).toEqual([1, 2, 3]);
    expect(index.unfinished).toBe(3);
  });

  it('pins a finished task while an unfinished one depends on it, and names that one', () => {
    const index = new GraphIndex();
    add(index, 'g', { a: [], b: ['a'], c: ['a'] });
    index.settle(node(index, 'a'));
    index.settle(node(index, 'b'));
    expect(index.get('b')).toBeUndefined();
    expect(index.openDependentOf(node(index, 'a'))?.id).toBe('c');
    index.settle(node(index, 'c'));
    expect(index.get('a')).toBeUndefined();
  });

  it('pins and releases across graphs, also tasks that were finished before', () => {
    const index = new GraphIndex();
    add(index, 'g1', { a: [] });
    const pinned = index.addFinished(finished('old'));
    const { nodes } = add(index, 'g2', { b: ['a', 'old'] });
    const dependent = nodes[0] as TaskNode;
    index.linkAcross(node(index, 'a'), dependent);
    index.linkAcross(pinned, dependent);
    expect(dependent.openDependencies).toBe(2);
    expect(dependentsOf(index, 'a')).toEqual(['b']);
    expect(dependentsOf(index, 'old')).toEqual(['b']);
    expect(index.settle(node(index, 'a'))).toBe(true);
    expect(index.openDependentOf(node(index, 'a'))?.id).toBe('b');
    expect(index.settle(dependent)).toBe(true);
    expect([...index.all()]).toEqual([]);
  });

  it('a dependency that is named twice is pinned and released twice', () => {
    const index = new GraphIndex();
    add(index, 'g', { a: [], b: ['a', 'a'] });
    expect(node(index, 'b').openDependencies).toBe(3);
    expect(node(index, 'a').openDependents).toBe(2);
    index.settle(node(index, 'a'));
    index.settle(node(index, 'b'));
    expect([...index.all()]).toEqual([]);
  });

  it('says when the last task of a graph is settled, and forgets the graph', () => {
    const index = new GraphIndex();
    add(index, 'g', { a: [], b: [] });
    expect(index.settle(node(index, 'a'))).toBe(false);
    expect(index.graph('g')?.unfinished).toBe(1);
    expect(index.settle(node(index, 'b'))).toBe(true);
    expect(index.graph('g')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('takes "%s" for an id like any other', (id) => {
    const index = new GraphIndex();
    expect(index.get(id)).toBeUndefined();
    add(index, id, { [`${id} `]: [], child: [`${id} `] });
    expect(dependentsOf(index, `${id} `)).toEqual(['child']);
    expect(index.graph(id)?.unfinished).toBe(2);
  });

  it('leaves nothing behind when everything is settled, in any order, also across graphs', () => {
    const cut = fc.array(fc.boolean(), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(graphScenario({ maxTasks: 30 }), cut, fc.infiniteStream(fc.nat()), (scenario, inFirst, picks) => {
        const specs = scenario.tasks.map((task) => spec({ id: task.id, depends_on: task.depends_on }));
        const index = new GraphIndex();
        const linked = addInTwoGraphs(index, specs, inFirst);
        const open = [...specs];
        while (open.length > 0) {
          const [{ id }] = open.splice((picks.next().value as number) % open.length, 1) as [TaskSpec];
          const { depends_on } = linked.get(id) as TaskSpec;
          expect(depends_on.every((dependency) => index.get(dependency) !== undefined)).toBe(true);
          index.settle(node(index, id));
        }
        expect([...index.all()]).toEqual([]);
        expect(index.unfinished).toBe(0);
        expect(index.graph('g1') ?? index.graph('g2')).toBeUndefined();
        expect((index as unknown as { dependentsAcross: Map<unknown, unknown> }).dependentsAcross.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

/** The tasks in two graphs, as they would be had they been submitted one after the other. */
function addInTwoGraphs(index: GraphIndex, specs: readonly TaskSpec[], inFirst: readonly boolean[]) {
  // The first graph may not depend on the second, which comes later.
  const first = new Set(specs.filter((_, at) => inFirst[at]).map(({ id }) => id));
  const keep = (one: TaskSpec) =>
    first.has(one.id) ? spec({ ...one, depends_on: one.depends_on.filter((id) => first.has(id)) }) : one;
  const linked = new Map(specs.map((one) => [one.id, keep(one)]));
  for (const [graphId, isMine] of [
    ['g1', true],
    ['g2', false],
  ] as const) {
    const mine = [...linked.values()].filter(({ id }) => first.has(id) === isMine);
    if (mine.length === 0) continue;
    const { nodes } = index.addGraph(graphId, graphOf(mine));
    if (isMine) continue;
    for (const dependent of nodes as TaskNode[]) {
      for (const id of dependent.spec.depends_on) if (first.has(id)) index.linkAcross(node(index, id), dependent);
    }
  }
  return linked;
}
