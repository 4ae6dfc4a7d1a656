import { expect, it } from 'vitest';
import { EventSequence } from '../event-sequence.js';
import { collect, type StoreSuiteOptions, useStore } from './fixture.js';

export function unfinishedTasks(options: StoreSuiteOptions): void {
  const under = useStore(options);

  const idsAfterReopen = async () => {
    if (options.skip?.reopen === undefined) await under.reopen();
    return (await under.unfinished()).map(({ id }) => id);
  };

  it('holds pending, waiting and running tasks, oldest submission first, and no terminal one', async () => {
    const make = new EventSequence();
    const ids = ['pending', 'done', 'running', 'failed', 'waiting', 'skipped', 'cancelled', 'accepted'];
    await under.append(make.graph(), ...ids.map((id) => make.submitted(id)));
    await under.append(
      make.started('done'),
      make.succeeded('done'),
      make.failed('failed'),
      make.skipped('skipped', 'failed'),
    );
    await under.append(make.cancelled('cancelled'), make.started('waiting'), make.retried('waiting'));
    await under.append(make.started('accepted'), make.accepted('accepted', 'h'), make.started('running'));
    expect((await under.unfinished()).map(({ id }) => id)).toEqual(['pending', 'running', 'waiting', 'accepted']);
    expect(await idsAfterReopen()).toEqual(['pending', 'running', 'waiting', 'accepted']);
    expect((await under.unfinished()).find(({ id }) => id === 'accepted')?.handle_id).toBe('h');
  });

  it('a task submitted again stands at its new place', async () => {
    const make = new EventSequence();
    await under.append(make.submitted('a'), make.submitted('b'), make.failed('a'), make.submitted('a'));
    expect(await idsAfterReopen()).toEqual(['b', 'a']);
  });

  it('deleted tasks are not in it', async () => {
    const make = new EventSequence();
    await under.append(make.submitted('a'), make.submitted('b'), make.failed('a'), make.deleted('a'));
    expect(await idsAfterReopen()).toEqual(['b']);
  });

  it('comes in batches: many tasks are never one array', async () => {
    const make = new EventSequence();
    const ids = Array.from({ length: 12_000 }, (_, at) => `t${at}`);
    await under.append(make.graph(), ...ids.map((id) => make.submitted(id)));
    if (options.skip?.reopen === undefined) await under.reopen();
    const batches = await collect(under.store.unfinished());
    expect(batches.length).toBeGreaterThan(1);
    expect(batches.every((batch) => batch.length > 0)).toBe(true);
    expect(batches.flat().map(({ id }) => id)).toEqual(ids);
  });
}
