import { indexTasks, parseGraph, runSliced, validateGraph } from '@execgo/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actOut,
  chainShape,
  expectedEnds,
  FakeExecutor,
  FakeRun,
  fanOutJoinShape,
  type GraphScenario,
  graphScenario,
  layeredShape,
  type Shape,
  scenarioInput,
  sparseShape,
  spec,
} from '../src/index.js';

describe('shapes', () => {
  it('a chain, and a fan-out with its join', () => {
    expect(chainShape(3)).toEqual([[], [0], [1]]);
    expect(fanOutJoinShape(2)).toEqual([[], [0], [0], [1, 2]]);
  });

  it('layers: every task depends on different tasks of the layer before', () => {
    const shape = layeredShape(4, 5, 3);
    expect(shape).toHaveLength(20);
    for (const [at, dependencies] of shape.entries()) {
      const layer = Math.floor(at / 5);
      expect(dependencies).toHaveLength(layer === 0 ? 0 : 3);
      expect(new Set(dependencies).size).toBe(dependencies.length);
      for (const dependency of dependencies) expect(Math.floor(dependency / 5)).toBe(layer - 1);
    }
  });

  it('100,000 tasks with 300,000 edges in layers, the same ones for the same seed', () => {
    const shape = layeredShape(101, 1_000, 3, 7);
    expect(shape.length).toBe(101_000);
    expect(edgesOf(shape)).toBe(300_000);
    expect(layeredShape(101, 1_000, 3, 7)).toEqual(shape);
    expect(layeredShape(101, 1_000, 3, 8)).not.toEqual(shape);
  });

  it('sparse: dependencies come before', () => {
    for (const [at, dependencies] of sparseShape(500, 4).entries()) {
      for (const dependency of dependencies) expect(dependency).toBeLessThan(at);
    }
  });
});

describe('graphScenario', () => {
  it('gives graphs that the kernel accepts, of every shape', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(graphScenario({ categories: ['os', 'mcp'] }), (scenario) => {
        const { specs, warnings } = runSliced(parseGraph(scenarioInput(scenario), 1_000));
        expect(runSliced(validateGraph(runSliced(indexTasks(specs)), () => false)).specs).toHaveLength(
          scenario.tasks.length,
        );
        expect(warnings).toEqual([]);
        kinds.add(scenario.kind);
      }),
      { numRuns: 300 },
    );
    expect([...kinds].sort()).toEqual(['chain', 'fan-out', 'layered', 'sparse']);
  });

  it('expects what a plain walk through the graph comes to', async () => {
    await fc.assert(
      fc.asyncProperty(graphScenario({ maxTasks: 12 }), async (scenario) => {
        const executor = new FakeExecutor();
        actOut(executor, scenario);
        const ends = expectedEnds(scenario);
        expect(await walk(scenario, executor)).toEqual(new Map([...ends].map(([id, { status }]) => [id, status])));
        for (const [id, { attempts }] of ends) expect(executor.startsOf(id)).toBe(attempts);
      }),
      { numRuns: 200 },
    );
  });

  it('without failures everything succeeds', () => {
    const statuses = fc
      .sample(graphScenario({ failures: false }), 50)
      .flatMap((one) => [...expectedEnds(one).values()]);
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set(['success']));
  });
});

/** One task after the other, by the rules of the contract, written out again. */
async function walk(scenario: GraphScenario, executor: FakeExecutor): Promise<Map<string, string>> {
  const statuses = new Map<string, string>();
  for (let at = 0; at < scenario.tasks.length; at += 1) {
    const task = scenario.tasks.find(({ id }) => id === `t${at}`);
    if (task === undefined) continue;
    const met = task.depends_on.every((id) => statuses.get(id) === 'success');
    statuses.set(task.id, met ? await attempt(task.id, task.retry ?? 0, executor) : 'skipped');
  }
  return statuses;
}

async function attempt(id: string, retry: number, executor: FakeExecutor): Promise<string> {
  for (let number = 1; number <= retry + 1; number += 1) {
    const outcome = executor.execute(spec({ id }), new FakeRun({ attempt: number }));
    const code = await outcome.then(
      () => 'success',
      (error: { code: string }) => error.code,
    );
    if (code === 'success') return code;
    if (['denied', 'invalid_input'].includes(code)) break;
  }
  return 'failed';
}

function edgesOf(shape: Shape): number {
  return shape.reduce((sum, dependencies) => sum + dependencies.length, 0);
}
