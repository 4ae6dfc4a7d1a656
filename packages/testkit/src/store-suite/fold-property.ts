import { isTerminal, type Task, type TaskEvent } from '@execgo/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutAnywhere, legalEvents } from '../event-arbitrary.js';
import { foldEvents } from '../event-sequence.js';
import { collect, type StoreFixture, type StoreSuiteOptions } from './fixture.js';

/** Each run opens, closes and opens a store again, so a driver with slow disks still takes only some seconds. */
const RUNS = 60;

export function foldProperty(options: StoreSuiteOptions): void {
  const cutEvents = legalEvents().chain(cutAnywhere);

  it(`any legal events, cut into any appends, give the tasks of a plain fold (${RUNS} random sequences)`, async () => {
    await fc.assert(
      fc.asyncProperty(cutEvents, fc.nat(), async (appends, at) => {
        const fixture = await options.makeFixture();
        await checkAgainstFold(fixture, appends, appends.length === 0 ? 0 : at % appends.length, options);
        await fixture.dispose?.();
      }),
      { numRuns: RUNS },
    );
  }, 60_000);
}

/** Appends everything, with a reopen somewhere between, and compares all that can be read with the fold. */
async function checkAgainstFold(
  fixture: StoreFixture,
  appends: readonly (readonly TaskEvent[])[],
  reopenAt: number,
  options: StoreSuiteOptions,
): Promise<void> {
  let store = fixture.connect({});
  await store.open();
  for (const [at, events] of appends.entries()) {
    if (at === reopenAt && options.skip?.reopen === undefined) {
      await store.close();
      store = fixture.connect({});
      await store.open();
    }
    await store.append(events);
  }
  const log = appends.flat();
  const expected = bySubmission(foldEvents(log));
  const { tasks } = await store.list({});
  expect([...tasks].reverse()).toEqual(expected);
  expect((await collect(store.unfinished())).flat()).toEqual(expected.filter(({ status }) => !isTerminal(status)));
  expect(await collect(store.events({}))).toEqual(log);
  for (const task of expected) {
    const alike = expected.filter(({ graph_id }) => graph_id === task.graph_id);
    expect([...(await store.list({ graph_id: task.graph_id })).tasks].reverse()).toEqual(alike);
  }
  await store.close();
}

function bySubmission(tasks: ReadonlyMap<string, Task>): readonly Task[] {
  return [...tasks.values()].sort((a, b) => a.submitted_seq - b.submitted_seq);
}
