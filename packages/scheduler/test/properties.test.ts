import { isTerminal, type TaskGraphInput } from '@execgo/core';
import { expectedEnds, FakeClock, type GraphScenario, graphScenario, scenarioInput } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Journal } from './support/journal-store.js';
import { checkJournal, checkStore, Life } from './support/life.js';

const RUNS = 1000;
const scenario = graphScenario({ maxTasks: 14, categories: ['os', 'mcp'], maxRetry: 2 });
const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const limits = fc.record({
  maxConcurrency: fc.integer({ min: 1, max: 6 }),
  mcpConcurrency: fc.integer({ min: 1, max: 3 }),
});
const moment = fc.integer({ min: 0, max: 150 });

describe(`over ${RUNS} random graphs`, () => {
  it(
    'no task starts before its dependencies are durably successful, never more than the limit at once, exactly one end each, ' +
      'skipped are exactly the descendants of failures, and replay of the events equals the store',
    async () => {
      await fc.assert(
        fc.asyncProperty(scenario, seed, limits, async (graph, from, limit) => {
          const life = new Life({ scenario: graph, seed: from, ...limit });
          await life.clock.runUntil(life.scheduler.start());
          const { graph_id } = await life.clock.runUntil(life.scheduler.submit(scenarioInput(graph)));
          const summary = await life.clock.runUntil(life.scheduler.graph(graph_id, {}));
          expect(summary.done).toBe(true);
          await life.clock.advance(50);
          expect(life.problems).toEqual([]);
          checkJournal(life.store.journal);
          await checkStore(life);
          checkEnds(life, graph);
          await life.stop();
        }),
        { numRuns: RUNS },
      );
    },
  );

  it('cancel at a random moment leaves nothing running', async () => {
    const what = fc.record({ all: fc.boolean(), task: fc.nat(), at: moment, again: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(scenario, seed, limits, what, async (graph, from, limit, { all, task, at, again }) => {
        const life = new Life({ scenario: graph, seed: from, ...limit });
        await life.clock.runUntil(life.scheduler.start());
        const receipt = life.scheduler.submit(scenarioInput(graph));
        const { graph_id } = await life.clock.runUntil(receipt);
        await life.clock.advance(at);
        const id = graph.tasks[task % graph.tasks.length]?.id ?? '';
        const cancel = () =>
          all ? life.scheduler.cancelGraph(graph_id) : life.scheduler.cancel(id).catch((error: unknown) => error);
        await life.clock.runUntil(Promise.all(again ? [cancel(), cancel()] : [cancel()]));
        const ended = all ? graph.tasks.map((one) => one.id) : [id];
        expect(life.idsRunning.filter((one) => ended.includes(one))).toEqual([]);
        const tasks = life.fold();
        expect(ended.filter((one) => !isTerminal(tasks.get(one)?.status ?? 'pending'))).toEqual([]);
        await life.clock.runUntil(life.scheduler.graph(graph_id, {}));
        await life.clock.advance(100_000);
        expect(life.problems).toEqual([]);
        checkJournal(life.store.journal);
        await checkStore(life);
        await life.stop();
      }),
      { numRuns: RUNS },
    );
  });

  it('a crash at random moments, then recovery: everything acknowledged comes to its one end, no success is undone, no graph is half there', async () => {
    const crash = fc.record({ at: moment, durable: fc.nat({ max: 3 }) });
    const crashes = fc.array(crash, { minLength: 1, maxLength: 2 });
    const onceOnly = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(scenario, seed, limits, crashes, onceOnly, async (graph, from, limit, moments, once) => {
        const tasks = graph.tasks.map((task, at) => ({ ...task, on_interrupt: once[at] ? 'fail' : 'retry' }) as const);
        const { lives, seen, acknowledged } = await liveAndDie({ ...graph, tasks }, from, limit, moments);
        const last = lives.at(-1) as Life;
        for (const life of lives) expect(life.problems).toEqual([]);
        const after = last.fold();
        expect([0, tasks.length]).toContain(after.size);
        if (acknowledged) expect(after.size).toBe(tasks.length);
        checkJournal(last.store.journal);
        await checkStore(last);
        expect([...seen].filter((id) => after.get(id)?.status !== 'success')).toEqual([]);
        // What may not run twice has not: each of its attempts reached an executor once, over all lives.
        const noTwice = new Set(tasks.filter((task) => task.on_interrupt === 'fail').map(({ id }) => id));
        const begun = lives.flatMap((life) => life.begun).filter((one) => noTwice.has(one.split('#')[0] ?? ''));
        expect(new Set(begun).size).toBe(begun.length);
        const interrupted = [...after.values()].some((task) => task.runtime?.error?.code === 'unknown');
        if (!interrupted && after.size > 0) checkEnds(last, graph);
        await last.stop();
      }),
      { numRuns: RUNS },
    );
  });

  it('a stop at a random moment, then a start: as if nothing had happened', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, seed, limits, moment, fc.nat({ max: 60 }), async (graph, from, limit, at, graceMs) => {
        const first = new Life({ scenario: graph, seed: from, ...limit });
        await first.clock.runUntil(first.scheduler.start());
        await first.clock.runUntil(first.scheduler.submit(scenarioInput(graph)));
        await first.clock.advance(at);
        await first.clock.runUntil(first.scheduler.stop({ graceMs }));
        expect(first.idsRunning).toEqual([]);
        const second = new Life({
          scenario: graph,
          seed: from,
          ...limit,
          clock: first.clock,
          journal: first.store.journal,
        });
        await second.clock.runUntil(second.scheduler.start());
        await runToTheEnd(second, graph);
        expect([...first.problems, ...second.problems]).toEqual([]);
        checkJournal(second.store.journal);
        checkEnds(second, graph);
        await checkStore(second);
        await second.stop();
      }),
      { numRuns: RUNS },
    );
  });
});

/** Each task ended as the rules say, after as many attempts as they say. */
function checkEnds(life: Life, graph: GraphScenario): void {
  const ends = [...life.fold()].map(([id, { status, runtime }]) => [id, { status, attempts: runtime?.attempt ?? 0 }]);
  expect(new Map(ends as [string, unknown][])).toEqual(expectedEnds(graph));
}

async function runToTheEnd(life: Life, graph: GraphScenario): Promise<void> {
  const known = life.fold();
  for (const { id } of graph.tasks) if (known.has(id)) await life.clock.runUntil(life.scheduler.wait(id));
  await life.clock.advance(50);
}

/** Lives that end in a crash each, and a last one that runs to the end. */
async function liveAndDie(
  graph: GraphScenario,
  from: number,
  limit: { readonly maxConcurrency: number; readonly mcpConcurrency: number },
  crashes: readonly { readonly at: number; readonly durable: number }[],
) {
  const clock = new FakeClock();
  const lives: Life[] = [];
  const seen = new Set<string>();
  let journal: Journal = [];
  let acknowledged = false;
  for (const [number, { at, durable }] of crashes.entries()) {
    const life = new Life({ scenario: graph, seed: from + number, ...limit, clock, journal });
    lives.push(life);
    // A crash may come before recovery is done, too.
    void life.scheduler
      .start()
      .then(() => submitFirst(life, number, scenarioInput(graph), () => (acknowledged = true)));
    await clock.advance(at);
    for (const { id, status } of life.fold().values()) if (status === 'success') seen.add(id);
    life.store.crash(durable);
    journal = [...life.store.journal];
  }
  const last = new Life({ scenario: graph, seed: from + crashes.length, ...limit, clock, journal });
  lives.push(last);
  await clock.runUntil(last.scheduler.start());
  await runToTheEnd(last, graph);
  return { lives, seen, acknowledged };
}

async function submitFirst(life: Life, number: number, graph: TaskGraphInput, onReceipt: () => void): Promise<void> {
  if (number > 0) return;
  await life.scheduler.submit(graph);
  onReceipt();
}
