import type { Task } from '@execgo/core';
import { EventSequence, FakeExecutor, foldEvents, graphInput, spec, taskInput, waitsForRelease } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { GraphIndex, type TaskNode } from '../src/graph-index.js';
import { startKernel } from './support/kernel.js';
import { graphOf } from './support/nodes.js';
import { refusal } from './support/refusal.js';

function finished(id: string): Task {
  const make = new EventSequence();
  return foldEvents([make.submitted(id), make.started(id), make.succeeded(id)]).get(id) as Task;
}

function addDependent(index: GraphIndex, id: string, depends_on: readonly string[]): TaskNode {
  const node = index.addGraph(id, graphOf([spec({ id, depends_on })])).nodes[0] as TaskNode;
  for (const dependency of depends_on) index.linkAcross(index.get(dependency) as TaskNode, node);
  return node;
}

describe('a dependency in another graph', () => {
  it('forgets each dependent as it settles, however long it stays pinned itself', () => {
    const index = new GraphIndex();
    const pinned = index.addFinished(finished('setup'));
    let newest = addDependent(index, 'd0', ['setup']);
    for (let count = 1; count <= 1000; count += 1) {
      const next = addDependent(index, `d${count}`, ['setup']);
      index.settle(newest);
      newest = next;
    }
    const held: string[] = [];
    index.forEachDependent(pinned, ({ id }) => held.push(id));
    expect(held).toEqual(['d1000']);
    expect(index.openDependentOf(pinned)?.id).toBe('d1000');
    index.settle(newest);
    expect([...index.all()]).toEqual([]);
  });

  it('that is named twice counts once', () => {
    const index = new GraphIndex();
    const pinned = index.addFinished(finished('setup'));
    const dependent = addDependent(index, 'd', ['setup', 'setup']);
    expect(pinned.openDependents).toBe(1);
    index.settle(dependent);
    expect([...index.all()]).toEqual([]);
  });

  it('submitted anew while a task runs that lost it stays pinned by its own dependents', async () => {
    // The first version let a dependency be deleted while its dependent ran.
    const make = new EventSequence();
    const journal = [
      make.submitted('setup'),
      make.started('setup'),
      make.succeeded('setup'),
      make.submitted(spec({ id: 'orphan', depends_on: ['setup'] })),
      make.started('orphan'),
      make.deleted('setup'),
    ];
    const executor = new FakeExecutor().script('orphan', waitsForRelease()).script('child', waitsForRelease());
    const kernel = await startKernel({ journal, executor });
    await kernel.submit(graphInput([taskInput({ id: 'setup' }), taskInput({ id: 'child', depends_on: ['setup'] })]));
    expect(executor.running).toEqual(['orphan', 'child']);
    executor.release('orphan');
    await kernel.end('orphan');
    expect(await refusal(kernel.scheduler.remove('setup'))).toMatchObject({ code: 'conflict' });
    executor.release('child');
  });
});
