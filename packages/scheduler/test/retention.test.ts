import { ExecGoError, type FinishedPage, type FinishedQuery, type TaskEvent } from '@execgo/core';
import {
  deferred,
  FakeClock,
  FakeExecutor,
  foldEvents,
  graphInput,
  graphScenario,
  hangs,
  scenarioInput,
  taskInput,
  waitsForRelease,
} from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RetentionOptions, RetentionSweep } from '../src/index.js';
import { deletedUnderDependents } from './support/deleted-under-dependents.js';
import { JournalStore } from './support/journal-store.js';
import { type KernelSetup, newKernel, startKernel, type TestKernel } from './support/kernel.js';
import { TestOutputStore, writes } from './support/output.js';
import { refusal } from './support/refusal.js';

/** Ends every task, one after the other. */
async function runAll(kernel: TestKernel, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) await kernel.run(graphInput([taskInput({ id })]));
}

/** Ids of what is there, newest first. */
async function idsIn({ store }: TestKernel): Promise<readonly string[]> {
  return (await store.list({})).tasks.map(({ id }) => id);
}

function prunedBy(events: readonly TaskEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'task_deleted' && event.actor === 'retention' ? [event.task_id] : [],
  );
}

const range = (count: number) => Array.from({ length: count }, (_, at) => `t${at}`);

/** Answers `finished` when the test lets it. */
class SlowReads extends JournalStore {
  gate: Promise<unknown> | undefined;
  problem: Error | undefined;
  readsUnderWay = 0;
  mostReadsAtOnce = 0;

  override async finished(query: FinishedQuery): Promise<FinishedPage> {
    this.readsUnderWay += 1;
    this.mostReadsAtOnce = Math.max(this.mostReadsAtOnce, this.readsUnderWay);
    if (this.problem !== undefined) throw this.problem;
    const page = await super.finished(query);
    await this.gate;
    this.readsUnderWay -= 1;
    return page;
  }
}

describe('retention by age', () => {
  it('deletes a task so long after its end, at most one interval later', async () => {
    const kernel = await startKernel({ retention: { maxAgeMs: 10_000, sweepIntervalMs: 1000 } });
    await runAll(kernel, 'a', 'b');
    await kernel.clock.advance(5000);
    await runAll(kernel, 'c');
    await kernel.clock.advance(4999);
    expect(await idsIn(kernel)).toEqual(['c', 'b', 'a']);
    await kernel.clock.advance(1001);
    expect(await idsIn(kernel)).toEqual(['c']);
    await kernel.clock.advance(5000);
    expect(await idsIn(kernel)).toEqual([]);
    expect(kernel.scheduler.stats()).toMatchObject({ pruned: 3, succeeded: 3, unfinished: 0 });
    expect(prunedBy(kernel.store.journal)).toEqual(['a', 'b', 'c']);
  });

  it('counts from the end of a task, not from its submission', async () => {
    const executor = new FakeExecutor().script('slow', waitsForRelease());
    const kernel = await startKernel({ executor, retention: { maxAgeMs: 10_000, sweepIntervalMs: 1000 } });
    await kernel.submit(graphInput([taskInput({ id: 'slow' })]));
    await kernel.clock.advance(60_000);
    executor.release('slow');
    await kernel.clock.advance(9000);
    expect(await idsIn(kernel)).toEqual(['slow']);
    await kernel.clock.advance(2000);
    expect(await idsIn(kernel)).toEqual([]);
  });

  it('failed, cancelled and skipped tasks go like successful ones', async () => {
    const executor = new FakeExecutor().script('fails', async () => {
      throw new ExecGoError('denied', 'no');
    });
    executor.script('cancelled', hangs());
    const kernel = await startKernel({ executor, retention: { maxAgeMs: 1000, sweepIntervalMs: 1000 } });
    const graph = [{ id: 'fails' }, { id: 'skipped', depends_on: ['fails'] }, { id: 'cancelled' }, { id: 'success' }];
    await kernel.submit(graphInput(graph.map(taskInput)));
    await kernel.scheduler.cancel('cancelled');
    await kernel.clock.advance(2000);
    expect(await idsIn(kernel)).toEqual([]);
  });
});

describe('retention by count', () => {
  it('keeps the tasks that ended last, and deletes the others soon after one has ended that is one too many', async () => {
    const kernel = await startKernel({ retention: { maxFinished: 2 } });
    await runAll(kernel, 'a', 'b');
    await kernel.clock.advance(10_000);
    expect(await idsIn(kernel)).toEqual(['b', 'a']);
    await runAll(kernel, 'c', 'd', 'e');
    await kernel.clock.advance(999);
    expect(await idsIn(kernel)).toHaveLength(5);
    await kernel.clock.advance(1);
    expect(await idsIn(kernel)).toEqual(['e', 'd']);
    expect(prunedBy(kernel.store.journal)).toEqual(['a', 'b', 'c']);
  });

  it('goes by the end of tasks, not by their submission', async () => {
    const executor = new FakeExecutor().script('first', waitsForRelease());
    const kernel = await startKernel({ executor, retention: { maxFinished: 1, sweepDelayMs: 0 } });
    await kernel.submit(graphInput([taskInput({ id: 'first' })]));
    await runAll(kernel, 'b', 'c');
    executor.release('first');
    await kernel.clock.advance(0);
    expect(await idsIn(kernel)).toEqual(['first']);
  });

  it('many tasks that end at once lead to one sweep, and none begins while one is under way', async () => {
    const store = new SlowReads();
    const kernel = await startKernel({ store, retention: { maxFinished: 5, batchSize: 10, sweepDelayMs: 10 } });
    await kernel.run(graphInput(range(100).map((id) => taskInput({ id }))));
    const gate = deferred();
    store.gate = gate.promise;
    await kernel.clock.advance(10);
    expect(store.readsUnderWay).toBe(1);
    await runAll(kernel, 'more', 'and more');
    await kernel.clock.advance(120_000);
    store.gate = undefined;
    gate.resolve();
    await kernel.clock.advance(10);
    expect(store.mostReadsAtOnce).toBe(1);
    expect(await idsIn(kernel)).toEqual(['and more', 'more', 't99', 't98', 't97']);
  });

  it('with an age as well, a task goes by whichever limit it passes first', async () => {
    const kernel = await startKernel({ retention: { maxAgeMs: 10_000, maxFinished: 2, sweepIntervalMs: 1000 } });
    await runAll(kernel, 'a', 'b', 'c');
    await kernel.clock.advance(2000);
    expect(await idsIn(kernel)).toEqual(['c', 'b']);
    await kernel.clock.advance(9000);
    expect(await idsIn(kernel)).toEqual([]);
  });
});

describe('without limits', () => {
  it('finished tasks are kept for ever, and no timer waits', async () => {
    const kernel = await startKernel({ retention: { batchSize: 7 } });
    await runAll(kernel, ...range(20));
    expect(kernel.clock.pendingTimers).toBe(0);
    await kernel.clock.advance(365 * 24 * 3600 * 1000);
    expect(await idsIn(kernel)).toHaveLength(20);
  });
});

describe('deletion and retention never touch a finished task that an unfinished one depends on', () => {
  const retention: RetentionOptions = { maxFinished: 1, maxAgeMs: 5000, sweepDelayMs: 0, sweepIntervalMs: 1000 };

  it('it stays, is passed over, and goes once nobody depends on it any more', async () => {
    const executor = new FakeExecutor().script('child', waitsForRelease());
    const kernel = await startKernel({ executor, retention });
    await kernel.submit(graphInput([taskInput({ id: 'parent' }), taskInput({ id: 'child', depends_on: ['parent'] })]));
    await runAll(kernel, 'x', 'y', 'z');
    await kernel.clock.advance(0);
    expect(await idsIn(kernel)).toEqual(['z', 'child', 'parent']);
    await kernel.clock.advance(60_000);
    expect(await idsIn(kernel)).toEqual(['child', 'parent']);
    expect(await refusal(kernel.scheduler.remove('parent'))).toMatchObject({ code: 'conflict' });
    executor.release('child');
    await kernel.clock.advance(0);
    expect(await idsIn(kernel)).toEqual(['child']);
    await kernel.clock.advance(10_000);
    expect(await idsIn(kernel)).toEqual([]);
  });

  it('also across graphs, and after a restart', async () => {
    const executor = new FakeExecutor().script('child', hangs());
    const first = await startKernel({ executor });
    await runAll(first, 'parent', 'x');
    await first.submit(graphInput([taskInput({ id: 'child', depends_on: ['parent'] })]));
    const journal = first.crash();
    const second = await startKernel({ executor, journal, clock: first.clock, retention });
    await second.clock.advance(60_000);
    expect(await idsIn(second)).toEqual(['child', 'parent']);
  });

  it('many that are passed over slow down the sweeps, not the tasks', async () => {
    const executor = new FakeExecutor().script('join', waitsForRelease());
    const store = new SlowReads();
    const kernel = await startKernel({ executor, store, retention: { maxFinished: 10, sweepDelayMs: 10 } });
    const leaves = range(5000);
    const join = taskInput({ id: 'join', depends_on: leaves });
    await kernel.submit(graphInput([...leaves.map((id) => taskInput({ id })), join]));
    await kernel.clock.advance(10);
    let reads = 0;
    const finished = store.finished.bind(store);
    store.finished = (query) => {
      reads += 1;
      return finished(query);
    };
    for (let at = 0; at < 10; at += 1) {
      await runAll(kernel, `x${at}`);
      await kernel.clock.advance(10);
    }
    // One sweep of 5000 tasks rests 100 ms; without that rest there were ten.
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThanOrEqual(2 * 11);
    executor.release('join');
    await kernel.clock.advance(1000);
    expect((await kernel.store.finished({ limit: 1 })).total).toBe(10);
  });
});

describe('a sweep', () => {
  it('deletes in batches, oldest first, one append each', async () => {
    const kernel = await startKernel({ retention: { maxFinished: 1, batchSize: 3 } });
    await runAll(kernel, ...range(9));
    await kernel.clock.advance(1000);
    const batches = kernel.store.appends.map(prunedBy).filter((ids) => ids.length > 0);
    expect(batches).toEqual([
      ['t0', 't1', 't2'],
      ['t3', 't4', 't5'],
      ['t6', 't7'],
    ]);
  });

  it('tells what it came to, where it deleted something', async () => {
    const sweeps: RetentionSweep[] = [];
    const kernel = await startKernel({
      retention: { maxFinished: 2, batchSize: 3 },
      onRetention: (sweep) => sweeps.push(sweep),
    });
    await runAll(kernel, ...range(9));
    await kernel.clock.advance(300_000);
    expect(sweeps).toEqual([{ pruned: 7, finished: 2 }]);
  });

  it('takes the outputs of the tasks away, when their deletion is durable', async () => {
    const outputStore = new TestOutputStore();
    const executor = new FakeExecutor({ otherwise: writes([['stdout', 'text']]) });
    const setup: KernelSetup = { outputStore, executor, outputBufferBytes: 0, retention: { maxFinished: 1 } };
    const kernel = await startKernel(setup);
    await runAll(kernel, 'a', 'b', 'c');
    expect(await outputStore.taskSeqs()).toHaveLength(3);
    kernel.store.hold();
    await kernel.clock.advance(1000);
    expect(await outputStore.taskSeqs()).toHaveLength(3);
    await kernel.store.release();
    await kernel.clock.settle();
    expect(await outputStore.taskSeqs()).toEqual([(await kernel.stored('c'))?.submitted_seq]);
    expect(await refusal(kernel.scheduler.output('a'))).toMatchObject({ code: 'not_found' });
  });

  it('is read and watched like any other deletion', async () => {
    const kernel = await startKernel({ retention: { maxFinished: 1 } });
    await runAll(kernel, 'a');
    const seen: (string | undefined)[] = [];
    const end = new AbortController();
    const watching = (async () => {
      for await (const event of kernel.scheduler.watch({ task_id: 'a', signal: end.signal })) {
        seen.push(event.type);
        if (event.type === 'task_deleted') return event;
      }
      return undefined;
    })();
    await runAll(kernel, 'b');
    await kernel.clock.advance(1000);
    expect(await watching).toMatchObject({ actor: 'retention', task_id: 'a', graph_id: expect.any(String) });
    for (const call of [kernel.scheduler.get('a'), kernel.scheduler.wait('a'), kernel.scheduler.remove('a')]) {
      expect(await refusal(call)).toMatchObject({ code: 'not_found', message: 'task not found: a' });
    }
    const graph = graphInput([taskInput({ id: 'c', depends_on: ['a'] })]);
    expect((await refusal(kernel.scheduler.submit(graph))).message).toBe('task "c" depends on unknown task "a"');
    end.abort();
  });

  it('that cannot read the store is told, and the next one tries again', async () => {
    const store = new SlowReads();
    const sweeps: RetentionSweep[] = [];
    const onRetention = (sweep: RetentionSweep) => sweeps.push(sweep);
    const kernel = await startKernel({ store, onRetention, retention: { maxFinished: 1, sweepIntervalMs: 5000 } });
    store.problem = new ExecGoError('unavailable', 'the file is busy');
    await runAll(kernel, 'a', 'b');
    await kernel.clock.advance(1000);
    expect(sweeps).toEqual([{ pruned: 0, finished: 0, error: store.problem }]);
    store.problem = undefined;
    await kernel.clock.advance(5000);
    expect(await idsIn(kernel)).toEqual(['b']);
  });

  it('goes on where the function that is told of it throws, which is not swallowed', async () => {
    const problem = new RangeError('from a caller');
    const uncaught: unknown[] = [];
    const hear = (error: unknown) => uncaught.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', hear);
    try {
      const onRetention = () => {
        throw problem;
      };
      const kernel = await startKernel({ onRetention, retention: { maxFinished: 1, sweepIntervalMs: 5000 } });
      await runAll(kernel, 'a', 'b');
      await kernel.clock.advance(1000);
      await runAll(kernel, 'c');
      await kernel.clock.advance(5000);
      expect(await idsIn(kernel)).toEqual(['c']);
      expect(uncaught).toEqual([problem, problem]);
    } finally {
      process.off('uncaughtException', hear);
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });

  it('comes at the start, after recovery, which does not wait for it', async () => {
    const first = await startKernel({});
    await runAll(first, ...range(10));
    const store = new SlowReads([...first.crash()]);
    const gate = deferred();
    store.gate = gate.promise;
    const second = await startKernel({ store, clock: first.clock, retention: { maxFinished: 3 } });
    await runAll(second, 'new');
    expect(await idsIn(second)).toHaveLength(11);
    gate.resolve();
    await second.clock.advance(1000);
    expect(await idsIn(second)).toEqual(['new', 't9', 't8']);
    const third = await startKernel({ journal: [...second.crash()], clock: first.clock, retention: { maxAgeMs: 1 } });
    await third.clock.settle();
    expect(await idsIn(third)).toEqual([]);
  });
});

describe('the end of the scheduler', () => {
  it('ends retention: nothing is deleted afterwards, and no timer is left', async () => {
    const kernel = await startKernel({ retention: { maxFinished: 1, maxAgeMs: 1000 } });
    await runAll(kernel, 'a', 'b', 'c');
    await kernel.stop();
    expect(kernel.clock.pendingTimers).toBe(0);
    await kernel.clock.advance(3_600_000);
    expect(prunedBy(kernel.store.journal)).toEqual([]);
  });

  it('waits for the batch under way, and begins no further one', async () => {
    const kernel = await startKernel({ retention: { maxFinished: 1, batchSize: 2 } });
    await runAll(kernel, ...range(9));
    kernel.store.hold();
    await kernel.clock.advance(1000);
    const stopped = kernel.scheduler.stop({ graceMs: 0 });
    await kernel.clock.settle();
    expect(kernel.store.closed).toBe(0);
    await kernel.store.release();
    await kernel.clock.runUntil(stopped);
    expect(prunedBy(kernel.store.journal)).toEqual(['t0', 't1']);
    expect(kernel.clock.pendingTimers).toBe(0);
  });

  it('by a refused append ends it quietly: once it is told, by onFailure', async () => {
    const told: unknown[] = [];
    const kernel = await startKernel({
      retention: { maxFinished: 1, maxAgeMs: 1000 },
      onRetention: (sweep) => told.push(sweep),
      onFailure: ({ code }) => told.push(code),
    });
    await runAll(kernel, 'a', 'b', 'c');
    kernel.store.refuse();
    await kernel.clock.advance(3_600_000);
    expect(told).toEqual(['unavailable']);
    expect(kernel.clock.pendingTimers).toBe(0);
    expect((await kernel.scheduler.get('a')).status).toBe('success');
  });
});

describe('what comes while a task is being deleted', () => {
  /** `a` is finished and its deletion is on its way to the disk. */
  async function pruning(setup: KernelSetup = {}): Promise<TestKernel> {
    const kernel = await startKernel({ retention: { maxFinished: 1 }, ...setup });
    await runAll(kernel, 'a', 'b');
    kernel.store.hold();
    await kernel.clock.advance(1000);
    expect(kernel.store.held).toBe(1);
    return kernel;
  }

  it('the same id submitted again is taken, and stays', async () => {
    const kernel = await pruning();
    const receipt = kernel.scheduler.submit(graphInput([taskInput({ id: 'a' })]));
    await kernel.clock.settle();
    await kernel.store.release();
    await receipt;
    expect((await kernel.end('a')).status).toBe('success');
    expect(kernel.history('a').slice(-4)).toEqual(['task_deleted', 'task_submitted', 'task_started', 'task_succeeded']);
    await kernel.clock.advance(1000);
    expect(await idsIn(kernel)).toEqual(['a']);
  });

  it('a graph that depends on it gets the answer for an unknown task', async () => {
    const kernel = await pruning();
    const refused = refusal(kernel.scheduler.submit(graphInput([taskInput({ id: 'c', depends_on: ['a'] })])));
    await kernel.clock.settle();
    await kernel.store.release();
    expect(await refused).toMatchObject({ code: 'invalid_input', message: 'task "c" depends on unknown task "a"' });
    expect(kernel.scheduler.stats().unfinished).toBe(0);
  });

  it('a DELETE of it is answered as that of an unknown task', async () => {
    const kernel = await pruning();
    const refused = refusal(kernel.scheduler.remove('a'));
    await kernel.clock.settle();
    await kernel.store.release();
    expect(await refused).toMatchObject({ code: 'not_found' });
    expect(kernel.history('a').filter((type) => type === 'task_deleted')).toHaveLength(1);
  });

  it('it is there for readers until its deletion is durable', async () => {
    const kernel = await pruning();
    expect((await kernel.scheduler.get('a')).status).toBe('success');
    await kernel.store.release();
    await kernel.clock.settle();
    expect(await refusal(kernel.scheduler.get('a'))).toMatchObject({ code: 'not_found' });
  });

  it('a graph that waits for that is refused as everything else when the store refuses', async () => {
    const kernel = await pruning();
    const refused = refusal(kernel.scheduler.submit(graphInput([taskInput({ id: 'c', depends_on: ['a'] })])));
    await kernel.clock.settle();
    kernel.store.refuse();
    expect(await refused).toMatchObject({ code: 'unavailable' });
  });
});

describe('what came while retention looked', () => {
  /** `a` and `b` are finished, and a page that says so is on its way. */
  async function looking(setup: KernelSetup = {}) {
    const store = new SlowReads();
    const kernel = await startKernel({ store, retention: { maxFinished: 1, sweepDelayMs: 0 }, ...setup });
    const gate = deferred();
    await runAll(kernel, 'a');
    store.gate = gate.promise;
    await runAll(kernel, 'b');
    await kernel.clock.advance(0);
    expect(store.readsUnderWay).toBe(1);
    const goOn = async () => {
      store.gate = undefined;
      gate.resolve();
      await kernel.clock.settle();
    };
    return { kernel, goOn };
  }

  it('a task submitted again stays, while it runs and when it has ended', async () => {
    const executor = new FakeExecutor();
    const { kernel, goOn } = await looking({ executor });
    executor.script('a', waitsForRelease());
    await kernel.submit(graphInput([taskInput({ id: 'a' })]));
    await goOn();
    expect(executor.running).toEqual(['a']);
    expect((await kernel.stored('a'))?.status).toBe('pending');
    executor.release('a');
    await kernel.clock.advance(0);
    expect(await idsIn(kernel)).toEqual(['a']);
  });

  it('a task submitted again that has ended already is not taken for the one before', async () => {
    const { kernel, goOn } = await looking();
    await runAll(kernel, 'a');
    await goOn();
    expect(prunedBy(kernel.store.journal)).not.toContain('a');
    await kernel.clock.advance(0);
    expect(await idsIn(kernel)).toEqual(['a']);
  });

  it('a task that was deleted is not deleted twice', async () => {
    const { kernel, goOn } = await looking();
    await kernel.scheduler.remove('a');
    await goOn();
    expect(kernel.history('a').filter((type) => type === 'task_deleted')).toHaveLength(1);
    expect(await idsIn(kernel)).toEqual(['b']);
  });

  it('a dependency of a graph that is just being checked stays, and so does the graph', async () => {
    const checked = deferred();
    const check = async (task: { readonly id: string }) => (task.id === 'c' ? checked.promise : undefined);
    const executor = new FakeExecutor({ check });
    const { kernel, goOn } = await looking({ executor });
    const receipt = kernel.scheduler.submit(graphInput([taskInput({ id: 'c', depends_on: ['a'] })]));
    await kernel.clock.settle();
    await goOn();
    expect(await idsIn(kernel)).toEqual(['b', 'a']);
    checked.resolve();
    await receipt;
    expect((await kernel.end('c')).status).toBe('success');
    await kernel.clock.advance(0);
    expect(await idsIn(kernel)).toEqual(['c']);
  });
});

describe('random graphs', () => {
  const RUNS = 60;
  const limits = fc.record({
    maxFinished: fc.integer({ min: 1, max: 12 }),
    batchSize: fc.integer({ min: 1, max: 5 }),
    sweepDelayMs: fc.constantFrom(0, 5),
  });

  it(`in the end exactly the newest N finished tasks are there, no dependency was deleted under an unfinished task, and replay of the events equals the store (${RUNS} random lives)`, async () => {
    const scenarios = fc.array(graphScenario({ maxTasks: 12 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(scenarios, limits, async (graphs, retention) => {
        const clock = new FakeClock();
        const executor = new FakeExecutor();
        const kernel = newKernel({ clock, executor, retention, maxConcurrency: 2 });
        await clock.runUntil(kernel.scheduler.start());
        for (const [at, scenario] of graphs.entries()) {
          const { tasks } = scenarioInput(scenario);
          // Every other graph has the ids of the one before: tasks are replaced.
          const name = (id: string) => `g${Math.floor(at / 2)}-${id}`;
          const graph = tasks.map((task) => {
            const id = name(task.id as string);
            const failures = scenario.outcomes.get(task.id as string)?.failures ?? 0;
            executor.script(id, async ({ run }) => {
              if (run.attempt <= failures) throw new ExecGoError('external_failure', 'as the scenario says');
              return id;
            });
            return { ...task, id, type: 'os', depends_on: (task.depends_on ?? []).map(name) };
          });
          await clock.runUntil(kernel.run({ tasks: graph }));
          await clock.advance(at);
        }
        await clock.advance(1000);
        const { journal } = kernel.store;
        const ended = journal.filter(({ type }) => /succeeded|failed|cancelled|skipped/.test(type));
        const newest = new Map(ended.flatMap((event) => ('task_id' in event ? [[event.task_id, event.seq]] : [])));
        const order = [...newest].sort(([, a], [, b]) => a - b).map(([id]) => id);
        const { tasks } = await kernel.store.finished({ limit: 1000 });
        expect(tasks.map(({ id }) => id)).toEqual(order.slice(-retention.maxFinished));
        expect(new Map((await kernel.store.list({})).tasks.map((task) => [task.id, task]))).toEqual(
          foldEvents(journal),
        );
        expect(kernel.scheduler.stats()).toMatchObject({ unfinished: 0, pruned: prunedBy(journal).length });
        expect(deletedUnderDependents(journal)).toEqual([]);
        await kernel.stop();
      }),
      { numRuns: RUNS },
    );
  });
});
