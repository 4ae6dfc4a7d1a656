import { isTerminal, type TaskEvent } from '@execgo/core';
import { EventSequence, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newKernel } from './support/kernel.js';

const IDS = ['', 'a\u0000b', '__proto__', 'x/y', 'e', 'f'];

/** A task as a state file of the first version may hold it: any id, any status whatever its dependencies are, some of them gone. */
const oddTask = fc.record({
  status: fc.constantFrom('pending', 'running', 'success', 'failed', 'skipped'),
  dependsOn: fc.array(fc.nat(IDS.length - 1), { maxLength: 4 }),
  lost: fc.boolean(),
  crashes: fc.nat(3),
  on_interrupt: fc.constantFrom('retry' as const, 'fail' as const),
  type: fc.constantFrom('os', 'os', 'os', 'gone'),
  graph: fc.constantFrom('', 'g'),
});
type OddTask = typeof oddTask extends fc.Arbitrary<infer T> ? T : never;

function eventsOf(make: EventSequence, task: OddTask, at: number): readonly TaskEvent[] {
  const id = IDS[at] as string;
  // Only earlier ids, so that there is no cycle; repeats stay.
  const known = task.dependsOn.filter((index) => index < at).map((index) => IDS[index] as string);
  const depends_on = task.lost ? [...known, 'gone'] : known;
  make.graphId = task.graph;
  const events = [make.submitted(spec({ id, depends_on, type: task.type, on_interrupt: task.on_interrupt }))];
  if (task.status === 'skipped') return [...events, make.skipped(id, 'gone')];
  if (task.status === 'pending') return events;
  for (let crash = 0; crash < task.crashes; crash += 1) events.push(make.started(id), make.reset(id, 'crash'));
  events.push(make.started(id));
  if (task.status === 'success') events.push(make.succeeded(id));
  if (task.status === 'failed') events.push(make.failed(id));
  return events;
}

it('whatever a store holds: every task ends, and nothing stays behind', async () => {
  const order = fc.constantFrom(1, -1);
  await fc.assert(
    fc.asyncProperty(fc.tuple(...IDS.map(() => oddTask)), order, async (tasks, direction) => {
      const make = new EventSequence();
      const places = [...tasks.entries()].sort(([a], [b]) => (a - b) * direction);
      const kernel = newKernel({ journal: places.flatMap(([at, task]) => eventsOf(make, task, at)) });
      await kernel.clock.runUntil(kernel.scheduler.start());
      await kernel.clock.advance(1000);
      const { tasks: ended } = await kernel.store.list({});
      expect(ended.filter(({ status }) => !isTerminal(status))).toEqual([]);
      expect(kernel.scheduler.stats()).toMatchObject({ unfinished: 0, ready: 0, running: 0 });
      await kernel.stop();
      expect(kernel.clock.pendingTimers).toBe(0);
    }),
    { numRuns: 500 },
  );
});
