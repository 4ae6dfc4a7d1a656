import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { EventEncoder, nextTurn, reviveEvent } from '@execgo/core';
import { EventSequence, spec, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSqliteStore, type SqliteStore } from '../src/index.js';

const GRAPH_TASKS = 100_000;
const LOAD_MS = 3_000;
/** Above what the same texts cost at that moment without a store: the machine may be busy with other things. */
const MAX_P99_MS = 20;
/** Events that are encoded and parsed in one turn for comparison: far less than a millisecond on an idle machine. */
const TURN_EVENTS = 50;
/** Of the timer that looks, which is no delay. */
const RESOLUTION_MS = 5;

let place: TemporaryDirectory;
let store: SqliteStore;

beforeEach(async () => {
  place = await temporaryDirectory();
  store = createSqliteStore({ file: join(place.path, 'execgo.db') });
  await store.open();
});
afterEach(async () => {
  await store.close();
  await place.remove();
});

/** How much the store adds to the delay of an event loop that is busy with small turns. */
async function p99Of(work: () => Promise<void>): Promise<number> {
  const before = await delayOf(busyWithoutStore);
  const during = await delayOf(work);
  return during - Math.max(before, await delayOf(busyWithoutStore));
}

async function busyWithoutStore(): Promise<void> {
  const encoder = new EventEncoder();
  const make = new EventSequence();
  for (let turn = 0; turn < 1_000; turn += 1) {
    for (let at = 0; at < TURN_EVENTS; at += 1) {
      const event = make.submitted(spec({ id: `t${turn}.${at}`, input: { at } }));
      if (reviveEvent(JSON.parse(encoder.encode(event))).seq !== event.seq) expect.unreachable();
    }
    await nextTurn();
  }
}

async function delayOf(work: () => Promise<void>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99) / 1e6 - RESOLUTION_MS;
}

it('the event loop is never blocked: p99 of its delay stays under 20 ms while a graph of 100,000 tasks is appended and read back', async () => {
  const make = new EventSequence();
  const events = [make.graph()];
  for (let at = 0; at < GRAPH_TASKS; at += 1) events.push(make.submitted(spec({ id: `t${at}`, input: { at } })));
  const p99 = await p99Of(async () => {
    await store.append(events);
    let count = 0;
    for await (const batch of store.unfinished()) count += batch.length;
    for await (const { seq } of store.events({})) count += Math.sign(seq);
    expect(count).toBe(2 * GRAPH_TASKS + 1);
  });
  expect(p99).toBeLessThan(MAX_P99_MS);
});

it('and while 64 writers append and read what they have appended, as fast as they can', async () => {
  const make = new EventSequence();
  let tasks = 0;
  const p99 = await p99Of(async () => {
    const until = performance.now() + LOAD_MS;
    const write = async () => {
      while (performance.now() < until) {
        const id = `t${tasks++}`;
        await store.append([make.submitted(spec({ id, input: { id } }))]);
        await store.append([make.started(id), make.succeeded(id, { id })]);
        expect((await store.getMany([id]))[0]?.status).toBe('success');
      }
    };
    await Promise.all(Array.from({ length: 64 }, write));
  });
  expect(tasks).toBeGreaterThan(100);
  expect(p99).toBeLessThan(MAX_P99_MS);
});
