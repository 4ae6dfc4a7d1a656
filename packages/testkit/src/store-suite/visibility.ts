import { errorMessage } from '@execgo/core';
import { expect, it } from 'vitest';
import { EventSequence } from '../event-sequence.js';
import { type StoreSuiteOptions, useStore } from './fixture.js';

const MANY = 3_000;

export function visibility(options: StoreSuiteOptions): void {
  const under = useStore(options);

  /** Reads again and again while an append is under way, and once more after it. */
  const readDuring = async (append: Promise<void>, read: (done: boolean) => Promise<void>) => {
    let done = false;
    const finished = append.finally(() => {
      done = true;
    });
    finished.catch(errorMessage); // Awaited below; until then a rejection must not count as unhandled.
    while (!done) {
      await read(false);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await finished;
    await read(true);
  };

  it('nothing is visible before its append has resolved', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), make.submitted('a'));
    let resolved = false;
    const append = under.append(make.started('a'), make.succeeded('a')).then(() => {
      resolved = true;
    });
    await readDuring(append, async () => {
      const seen = (await under.get('a'))?.status;
      expect(seen === 'pending' || resolved).toBe(true);
      const events = await under.events();
      expect(events.length === 2 || resolved).toBe(true);
    });
  });

  it('all tasks of one append become visible together', async () => {
    const make = new EventSequence();
    const ids = Array.from({ length: MANY }, (_, at) => `task-${at}`);
    const append = under.append(make.graph(), ...ids.map((id) => make.submitted(id)));
    await readDuring(append, async (done) => {
      const found = await under.store.getMany([ids[0] as string, ids[MANY - 1] as string]);
      expect(found[0] === undefined).toBe(found[1] === undefined);
      if (done) expect(found).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
    });
  });

  it('a list shows all of an append or none of it', async () => {
    const make = new EventSequence();
    await under.append(make.graph('before'), make.submitted('a'));
    const append = under.append(
      make.graph('g'),
      ...Array.from({ length: MANY }, (_, at) => make.submitted(`task-${at}`)),
    );
    await readDuring(append, async (done) => {
      const { tasks } = await under.store.list({ graph_id: 'g' });
      expect(done ? [MANY] : [0, MANY]).toContain(tasks.length);
    });
  });

  it('what is visible has its events, and the other way round', async () => {
    const make = new EventSequence();
    const append = under.append(make.graph(), ...Array.from({ length: MANY }, (_, at) => make.submitted(`task-${at}`)));
    await readDuring(append, async () => {
      const events = await under.events({ limit: 1 });
      const [task] = await under.store.getMany(['task-0']);
      if (events.length > 0) expect(task?.status).toBe('pending');
    });
    expect(await under.events()).toHaveLength(MANY + 1);
  });

  it('a task read before is not changed by what happens after', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), make.submitted('a'));
    const before = await under.get('a');
    await under.append(make.started('a'), make.succeeded('a', 1));
    expect([before?.status, before?.last_seq, before?.result]).toEqual(['pending', 2, undefined]);
  });

  it('events begun before an append do not hold its events', async () => {
    const make = new EventSequence();
    await under.append(make.graph(), make.submitted('a'), make.submitted('b'));
    const seen: number[] = [];
    for await (const event of under.store.events({})) {
      seen.push(event.seq);
      if (event.seq === 1) await under.append(make.started('a'));
    }
    expect(seen).toEqual([1, 2, 3]);
  });
}
