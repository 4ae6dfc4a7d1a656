import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskNode } from '../src/graph-index.js';
import { ReadyQueue } from '../src/ready-queue.js';
import { nodesOf } from './support/nodes.js';

const always = () => true;

function queueOf(...graphs: readonly (readonly TaskNode[])[]): ReadyQueue {
  const queue = new ReadyQueue();
  for (const nodes of graphs) for (const node of nodes) queue.push(node);
  return queue;
}

function takeAll(queue: ReadyQueue, hasSlot: (category: string) => boolean = always): readonly string[] {
  const ids: string[] = [];
  for (let node = queue.shift(hasSlot); node !== undefined; node = queue.shift(hasSlot)) ids.push(node.id);
  return ids;
}

describe('ReadyQueue', () => {
  it('gives the higher priority first', () => {
    const queue = queueOf(
      nodesOf('g', [
        { id: 'low', priority: -100 },
        { id: 'normal' },
        { id: 'high', priority: 100 },
        { id: 'also normal' },
      ]),
    );
    expect(takeAll(queue)).toEqual(['high', 'normal', 'also normal', 'low']);
  });

  it('lets graphs take turns within a priority, each in its own order', () => {
    const queue = queueOf(
      nodesOf('a', [{ id: 'a1' }, { id: 'a2' }, { id: 'a3' }, { id: 'a4' }]),
      nodesOf('b', [{ id: 'b1' }, { id: 'b2' }]),
      nodesOf('c', [{ id: 'c1' }]),
    );
    expect(takeAll(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  });

  it('a graph that comes late has its turn after at most one of each other graph', () => {
    const queue = queueOf(
      nodesOf(
        'big',
        Array.from({ length: 1000 }, (_, at) => ({ id: `big${at}` })),
      ),
    );
    for (let at = 0; at < 10; at += 1) queue.shift(always);
    for (const node of nodesOf('small', [{ id: 's1' }, { id: 's2' }])) queue.push(node);
    const next = [1, 2, 3, 4].map(() => queue.shift(always)?.id);
    expect(next).toEqual(['big10', 's1', 'big11', 's2']);
  });

  it('passes over a category without a free slot, whatever its priority', () => {
    const queue = queueOf(
      nodesOf('g', [
        { id: 'm', type: 'mcp', priority: 9 },
        { id: 'o', type: 'os' },
      ]),
    );
    const noMcp = (category: string) => category !== 'mcp';
    expect(queue.shift(noMcp)?.id).toBe('o');
    expect(queue.shift(noMcp)).toBeUndefined();
    expect(queue.length).toBe(1);
    expect(queue.shift(always)?.id).toBe('m');
  });

  it('passes over what was cancelled while it waited', () => {
    const nodes = nodesOf('g', [{ id: 'a', priority: 5 }, { id: 'b' }, { id: 'c' }]);
    const queue = queueOf(nodes);
    (nodes[0] as TaskNode).status = 'failed';
    (nodes[1] as TaskNode).status = 'skipped';
    expect(takeAll(queue)).toEqual(['c']);
    expect(queue.length).toBe(0);
  });

  interface Entry {
    readonly node: TaskNode;
    readonly graph: string;
  }

  /** The same rules on a plain list: a queue of graphs for each category and priority. */
  class Model {
    private readonly turns = new Map<string, Map<number, Entry[][]>>();

    push(entry: Entry): void {
      const { type, priority } = entry.node.spec;
      const levels = this.turns.get(type) ?? new Map<number, Entry[][]>();
      this.turns.set(type, levels);
      const graphs = levels.get(priority) ?? [];
      levels.set(priority, graphs);
      const mine = graphs.find((waiting) => waiting[0]?.graph === entry.graph);
      if (mine === undefined) graphs.push([entry]);
      else mine.push(entry);
    }

    /** What may come next: the heads of the best priority over all categories with a slot. */
    candidates(free: (category: string) => boolean): readonly { readonly entry: Entry; readonly take: () => void }[] {
      const heads = [...this.turns].flatMap(([category, levels]) => {
        const best = Math.max(...[...levels].filter(([, graphs]) => graphs.length > 0).map(([priority]) => priority));
        const graphs = levels.get(best);
        const entry = graphs?.[0]?.[0];
        if (!free(category) || graphs === undefined || entry === undefined) return [];
        const take = () => {
          const lane = graphs.shift() as Entry[];
          lane.shift();
          if (lane.length > 0) graphs.push(lane);
        };
        return [{ entry, priority: best, take }];
      });
      const highest = Math.max(...heads.map(({ priority }) => priority));
      return heads.filter(({ priority }) => priority === highest);
    }
  }

  it('any pushes and shifts: strictly by priority, graphs in turn, first come first served within one', () => {
    const push = fc.record({
      graph: fc.constantFrom('g1', 'g2', 'g3'),
      priority: fc.constantFrom(-1, 0, 0, 0, 5),
      type: fc.constantFrom('os', 'mcp'),
    });
    const step = fc.oneof(push, fc.constantFrom('any' as const, 'os' as const, 'mcp' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const graphs = new Map(['g1', 'g2', 'g3'].map((id) => [id, nodesOf(id, [{ id }])[0]?.graph]));
        const queue = new ReadyQueue();
        const model = new Model();
        let length = 0;
        for (const [at, step] of steps.entries()) {
          if (typeof step === 'object') {
            const { priority, type, graph } = step;
            const [made] = nodesOf(graph, [{ id: `t${at}`, priority, type }]);
            // Nodes of one graph share its entry: that is what the queue knows a graph by.
            const node = Object.assign(made as TaskNode, { graph: graphs.get(graph) });
            queue.push(node);
            model.push({ node, graph });
            length += 1;
            continue;
          }
          const free = (category: string) => step === 'any' || category === step;
          const candidates = model.candidates(free);
          const node = queue.shift(free);
          const chosen = candidates.find(({ entry }) => entry.node === node);
          expect(chosen === undefined ? undefined : node).toBe(node);
          expect(node === undefined).toBe(candidates.length === 0);
          chosen?.take();
          length -= node === undefined ? 0 : 1;
          expect(queue.length).toBe(length);
        }
      }),
      { numRuns: 500 },
    );
  });
});
