import {
  type FinishedPage,
  type FinishedQuery,
  isExecGoError,
  isTerminal,
  type Task,
  type TaskEvent,
} from '@execgo/core';
import { FakeExecutor, fails, hangs, ignoresAbort, succeeds, taskInput } from '@execgo/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { GraphIndex } from '../src/graph-index.js';
import { deletedUnderDependents } from './support/deleted-under-dependents.js';
import { JournalStore } from './support/journal-store.js';
import { newKernel, type TestKernel } from './support/kernel.js';

const IDS = ['a', 'b', 'c', 'd', 'e', 'f'];
const BEHAVIOURS = [succeeds(1), fails(), hangs(), ignoresAbort()] as const;

/** Answers some turns of the event loop later, each time another number of them. */
class LaggingStore extends JournalStore {
  constructor(private readonly turns: Iterator<number>) {
    super();
  }

  override async append(events: readonly TaskEvent[]): Promise<void> {
    await super.append(events);
    await this.lag();
  }

  override async getMany(ids: readonly string[]): Promise<readonly (Task | undefined)[]> {
    const found = await super.getMany(ids);
    await this.lag();
    return found;
  }

  override async finished(query: FinishedQuery): Promise<FinishedPage> {
    const page = await super.finished(query);
    await this.lag();
    return page;
  }

  private async lag(): Promise<void> {
    for (let left = this.turns.next().value as number; left > 0; left -= 1) await new Promise<void>(setImmediate);
  }
}

const id = fc.constantFrom(...IDS);
const task = fc.record({
  depends_on: fc.uniqueArray(id, { maxLength: 2 }),
  retry: fc.nat(1),
  timeout: fc.constantFrom(10, 20),
});
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ submit: fc.dictionary(id, task, { minKeys: 1 }), key: fc.constantFrom('', '', 'k') }),
  },
  fc.record({ cancel: id }),
  fc.record({ remove: id }),
  fc.record({ wait: id }),
  fc.record({ cancelGraph: fc.nat() }),
  fc.record({ advance: fc.nat(40) }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

function give({ scheduler, clock }: TestKernel, one: Command, graphs: string[]): Promise<unknown> {
  if ('submit' in one) {
    const tasks = Object.entries(one.submit).map(([taskId, { depends_on, ...rest }]) =>
      // No id depends on a later one: cycles are refused, and would only thin out what is tried here.
      taskInput({ ...rest, id: taskId, depends_on: depends_on.filter((other) => other < taskId) }),
    );
    const options = one.key === '' ? {} : { idempotencyKey: one.key };
    return scheduler.submit({ tasks }, options).then(({ graph_id }) => graphs.push(graph_id));
  }
  if ('cancel' in one) return scheduler.cancel(one.cancel);
  if ('remove' in one) return scheduler.remove(one.remove);
  if ('wait' in one) return scheduler.wait(one.wait).then(({ status }) => expect(isTerminal(status)).toBe(true));
  if ('advance' in one) return clock.advance(one.advance);
  return scheduler.cancelGraph(graphs[one.cancelGraph % graphs.length] ?? 'none');
}

/** Everything asked at once, over a slow store, with a refusal of the store or a stop in the midst of it. */
const course = fc.record({
  commands: fc.array(command, { minLength: 10, maxLength: 60 }),
  behaviours: fc.infiniteStream(fc.constantFrom(...BEHAVIOURS)),
  lags: fc.infiniteStream(fc.nat(3)),
  end: fc.constantFrom('none', 'none', 'refuse', 'stop'),
  endAt: fc.nat(60),
  retention: fc.constantFrom(
    undefined,
    { maxFinished: 1, batchSize: 2, sweepDelayMs: 0, sweepIntervalMs: 20 },
    { maxFinished: 3, batchSize: 1, sweepDelayMs: 1, sweepIntervalMs: 500 },
    { maxAgeMs: 1, batchSize: 3, sweepIntervalMs: 1 },
  ),
});

it('whatever is asked at once: every call is answered, every task ends, and nothing stays behind', async () => {
  await fc.assert(
    fc.asyncProperty(course, async ({ commands, behaviours, lags, end, endAt, retention }) => {
      const executor = new FakeExecutor({ otherwise: (attempt) => behaviours.next().value(attempt) });
      const store = new LaggingStore(lags);
      const limits = { maxConcurrency: 2, abandonAfterMs: 15, ...(retention !== undefined && { retention }) };
      const kernel = newKernel({ store, executor, ...limits });
      await kernel.clock.runUntil(kernel.scheduler.start());
      await kernel.scheduler.submit({ tasks: IDS.map((one) => taskInput({ id: one, timeout: 10 })) });
      const graphs: string[] = [];
      const calls: Promise<unknown>[] = [];
      for (const [at, one] of commands.entries()) {
        if (at === endAt && end === 'refuse') store.refuse();
        if (at === endAt && end === 'stop') calls.push(kernel.scheduler.stop({ graceMs: 5 }));
        const call = give(kernel, one, graphs).catch((error: unknown) => {
          if (!isExecGoError(error) || error.code === 'internal') throw error;
        });
        calls.push(call);
        if (at % 3 === 0) await new Promise<void>(setImmediate);
      }
      await kernel.clock.runUntil(Promise.all(calls));
      if (end === 'none') {
        await kernel.clock.advance(1000);
        expect(kernel.scheduler.stats()).toMatchObject({ unfinished: 0, ready: 0, running: 0, uncommittedBytes: 0 });
        expect([...(kernel.scheduler as unknown as { index: GraphIndex }).index.all()]).toEqual([]);
        const { tasks } = await store.list({});
        expect(tasks.filter(({ status }) => !isTerminal(status))).toEqual([]);
        if (retention !== undefined) expect(tasks.length).toBeLessThanOrEqual(retention.maxFinished ?? 0);
      }
      await kernel.clock.runUntil(kernel.scheduler.stop({ graceMs: 0 }));
      expect(store.journal.map(({ seq }) => seq)).toEqual(store.journal.map((_, at) => at + 1));
      expect(kernel.clock.pendingTimers).toBe(0);
      expect(deletedUnderDependents(store.journal)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
