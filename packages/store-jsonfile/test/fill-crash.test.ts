import { KeptStore, keptAfter, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJsonFileMaintenance, createJsonFileStore } from '../src/index.js';
import { eventsOf, lifeOf, tasksOf } from './recorded-life.js';
import { type Fault, SimulatedDisk, type Survival } from './simulated-disk.js';

const HELD = keptAfter(lifeOf(9).flat());
const FEW_BYTES = 1200;
let place: TemporaryDirectory;
let steps = 0;

beforeAll(async () => {
  place = await temporaryDirectory();
  const disk = new SimulatedDisk();
  await fill(disk);
  steps = disk.calls.length;
});
afterAll(() => place.remove());

async function fill(fileSystem: SimulatedDisk, held = HELD): Promise<void> {
  const maintenance = createJsonFileMaintenance({ directory: place.path, fileSystem, segmentBytes: FEW_BYTES });
  await maintenance.fill(await new KeptStore(held).read());
}

/** Whether a store opens; where one does, it must be a whole one, or the empty one that a start makes where nothing is. */
async function opens(disk: SimulatedDisk, what: string): Promise<boolean> {
  const store = createJsonFileStore({ directory: place.path, fileSystem: disk });
  const hadFiles = disk.names().some((name) => !name.endsWith('.tmp'));
  const opened = await store.open().catch((error: unknown) => {
    expect(error, what).toMatchObject({ code: 'unavailable', message: expect.stringContaining('is no store yet') });
  });
  if (opened === undefined) return false;
  const [tasks, events] = [await tasksOf(store), await eventsOf(store)];
  await store.close();
  if (!hadFiles) {
    expect(opened.lastSeq, what).toBe(0);
    return false;
  }
  expect(opened, what).toEqual({ storeId: HELD.storeId, firstSeq: 1, lastSeq: HELD.lastSeq });
  expect([...tasks.values()], what).toEqual(HELD.tasks);
  expect(events, what).toEqual(HELD.events);
  return true;
}

describe('a crash at every step of a fill', () => {
  const survivals: readonly Survival[] = ['written', 'flushed'];
  const effects: readonly Fault['effect'][] = ['none', 'half', 'all'];
  for (const survival of survivals) {
    for (const effect of effects) {
      it(`leaves what opens for nobody or is whole, and the same fill finishes it: ${effect} of the step done, what was ${survival} is left`, async () => {
        expect(steps).toBeGreaterThan(25);
        for (let at = 1; at <= steps; at += 1) {
          const crashed = new SimulatedDisk();
          crashed.fault = { at, kind: 'crash', effect };
          await expect(fill(crashed)).rejects.toMatchObject({ code: 'unavailable' });
          const what = `step ${at}, ${crashed.calls.at(-1)}`;
          const isWhole = await opens(crashed.after(survival), what);

          const again = crashed.after(survival);
          if (isWhole) await expect(fill(again), what).rejects.toMatchObject({ code: 'conflict' });
          else await fill(again);
          expect(await opens(again, what), what).toBe(true);
        }
      });
    }
  }

  it('while it begins anew for a later state: the one after finishes it', async () => {
    const early = keptAfter(lifeOf(7).flat());
    const left = new SimulatedDisk();
    left.fault = { at: steps - 15, kind: 'crash', effect: 'half' };
    await expect(fill(left, early)).rejects.toMatchObject({ code: 'unavailable' });
    const trial = left.after('written');
    await fill(trial);
    for (let at = 1; at < trial.calls.length; at += 1) {
      const crashed = left.after('written');
      crashed.fault = { at, kind: 'crash', effect: at % 2 === 0 ? 'none' : 'half' };
      await expect(fill(crashed)).rejects.toMatchObject({ code: 'unavailable' });
      const again = crashed.after(at % 3 === 0 ? 'written' : 'flushed');
      if (!(await opens(again.after('written'), `step ${at}`))) await fill(again);
      expect(await opens(again, `step ${at}`)).toBe(true);
    }
  });

  it('goes on behind the last whole file of the journal, and writes the state once', async () => {
    const crashed = new SimulatedDisk();
    const trial = new SimulatedDisk();
    await fill(trial);
    const at = trial.calls.lastIndexOf(trial.calls.filter((call) => /create journal/.test(call)).at(-1) as string);
    crashed.fault = { at: at + 2, kind: 'crash', effect: 'none' };
    await expect(fill(crashed)).rejects.toMatchObject({ code: 'unavailable' });
    const again = crashed.after('flushed');
    await fill(again);
    expect(again.calls.filter((call) => call.includes('state.json'))).toEqual([]);
    expect(again.calls.filter((call) => call.startsWith('create journal'))).toHaveLength(1);
    expect(await opens(again, 'again')).toBe(true);
  });
});

describe('a disk that fails', () => {
  it.each(['EIO', 'ENOSPC'] as const)(
    '%s at any step: the fill says so, and the same one finishes it',
    async (kind) => {
      for (let at = 1; at <= steps; at += 1) {
        const disk = new SimulatedDisk();
        disk.fault = { at, kind, effect: 'half' };
        await expect(fill(disk)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(kind) });
        const again = disk.after('written');
        if (!(await opens(again.after('written'), `step ${at}`))) await fill(again);
        expect(await opens(again, `step ${at}`)).toBe(true);
      }
    },
  );
});
