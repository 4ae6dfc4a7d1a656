import { applyEvent, type KernelStats, type Task } from '@execgo/core';
import { EventSequence, FakeClock } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { fakeKernel } from './support/fake-kernel.js';
import { openStream } from './support/sse-client.js';
import { listen, send, testApp } from './support/test-server.js';

const ITEMS = 1000;
const PER_TURN = 100;

/** A clock that counts the turns it was asked for. */
class CountingClock extends FakeClock {
  turns = 0;
  override turn(fn: () => void): void {
    this.turns += 1;
    super.turn(fn);
  }
}

const sequence = new EventSequence();
const past = Array.from({ length: ITEMS }, (_, at) => sequence.submitted(`t${at}`));
const pastEvents = async function* () {
  yield* past;
};

it('a long list, a long history and a long replay let the event loop turn, also where everything is in memory', async () => {
  const tasks = past.map((event) => applyEvent(undefined, event) as Task);
  const list = async ({ before = 1 }) => {
    const page = tasks.slice(before - 1, before - 1 + PER_TURN);
    return { tasks: page, ...(before + PER_TURN <= ITEMS && { next: before + PER_TURN }) };
  };
  const clock = new CountingClock();
  const kernel = fakeKernel({
    list,
    events: pastEvents,
    watch: pastEvents,
    stats: () => ({ lastSeq: 0 }) as KernelStats,
  });
  const { app } = testApp(kernel, { clock, limits: { streamBatchItems: PER_TURN } });

  for (const path of ['/tasks', '/events']) {
    clock.turns = 0;
    expect((await send(app, 'GET', path)).json).toHaveLength(ITEMS);
    expect(clock.turns).toBeGreaterThanOrEqual(ITEMS / PER_TURN - 1);
  }
  clock.turns = 0;
  const stream = await openStream(await listen(app), '/events');
  expect(await stream.rest()).toHaveLength(ITEMS);
  expect(clock.turns).toBeGreaterThanOrEqual(ITEMS / PER_TURN - 1);
});
