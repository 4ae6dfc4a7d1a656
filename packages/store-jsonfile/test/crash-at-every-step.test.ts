import { type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createJsonFileStore } from '../src/index.js';
import { expectedTasks, find, isWhole, lifeOf, live, SMALL, tasksOf } from './recorded-life.js';
import { type Fault, SimulatedDisk, type Survival } from './simulated-disk.js';

const APPENDS = lifeOf(9);
const FAULT_FREE = new SimulatedDisk();
let place: TemporaryDirectory;
let steps = 0;

beforeAll(async () => {
  place = await temporaryDirectory();
  await twoLives(FAULT_FREE);
  steps = FAULT_FREE.calls.length;
});
afterAll(() => place.remove());

/** Creation, appends with snapshots and new segments between them, a clean stop, a start, more appends, a clean stop. */
async function twoLives(disk: SimulatedDisk): Promise<number> {
  const options = { directory: place.path, fileSystem: disk, ...SMALL, eventRetentionBytes: 0 };
  const half = APPENDS.length >> 1;
  const first = await live(options, APPENDS.slice(0, half));
  if (first.error !== undefined) return first.ackedSeq;
  return (await live(options, APPENDS.slice(half))).ackedSeq || first.ackedSeq;
}

async function mustRecover(disk: SimulatedDisk, ackedSeq: number, fault: Fault): Promise<void> {
  const found = await find(place.path, disk);
  const what = `${JSON.stringify(fault)} ${FAULT_FREE.calls[fault.at - 1]}`;
  expect(found.lastSeq, what).toBeGreaterThanOrEqual(ackedSeq);
  expect(isWhole(APPENDS, found.lastSeq), what).toBe(true);
  expect(found.tasks, what).toEqual(expectedTasks(APPENDS, found.lastSeq));
  expect(found.events, what).toEqual(APPENDS.flat().slice(found.lastSeq - found.events.length, found.lastSeq));
  const key1 = APPENDS.flat().findLast(
    (event) => event.type === 'graph_submitted' && event.receipt?.key === 'key 1' && event.seq <= found.lastSeq,
  );
  expect(found.receipt, what).toEqual(key1 && expect.objectContaining({ graph_id: key1.graph_id }));
}

describe('a crash at every step of creation, appends, snapshots, rotation and stop', () => {
  it('meets every kind of step', () => {
    const kinds = new Set(FAULT_FREE.calls.map((call) => call.replace(/journal-\d+/, 'journal')));
    expect([...kinds].sort()).toEqual([
      'create journal.log',
      'create receipts.json.tmp',
      'create state.json.tmp',
      'create store.json.tmp',
      'flush journal.log',
      'remove journal.log',
      'rename receipts.json.tmp',
      'rename state.json.tmp',
      'rename store.json.tmp',
      'sync directory',
      'sync journal.log',
      'sync receipts.json.tmp',
      'sync state.json.tmp',
      'sync store.json.tmp',
      'truncate journal.log',
      'write journal.log',
      'write receipts.json.tmp',
      'write state.json.tmp',
      'write store.json.tmp',
    ]);
  });

  const survivals: readonly Survival[] = ['written', 'flushed'];
  const effects: readonly Fault['effect'][] = ['none', 'half', 'all'];
  for (const survival of survivals) {
    for (const effect of effects) {
      it(`start-up never refuses and nothing acknowledged is lost: ${effect} of the step done, what was ${survival} is left`, async () => {
        for (let at = 1; at <= steps; at += 1) {
          const disk = new SimulatedDisk();
          disk.fault = { at, kind: 'crash', effect };
          const acked = await twoLives(disk);
          await mustRecover(disk.after(survival), acked, disk.fault);
        }
      });
    }
  }
});

describe('a crash at every step of the recovery from a crash', () => {
  it('leaves a store that recovers', async () => {
    let recoveries = 0;
    for (let at = 3; at <= steps; at += 7) {
      const crashed = new SimulatedDisk();
      crashed.fault = { at, kind: 'crash', effect: 'half' };
      const acked = await twoLives(crashed);
      const first = crashed.after('written');
      await find(place.path, first);
      for (let again = 1; again <= first.calls.length; again += 1) {
        const disk = crashed.after('written');
        disk.fault = { at: again, kind: 'crash', effect: again % 2 === 0 ? 'none' : 'half' };
        await live({ directory: place.path, fileSystem: disk, ...SMALL }, []);
        await mustRecover(disk.after(again % 3 === 0 ? 'written' : 'flushed'), acked, disk.fault);
        recoveries += 1;
      }
    }
    expect(recoveries).toBeGreaterThan(100);
  });
});

describe('journal that is dropped', () => {
  it('is never the segment that holds the line of the snapshot in force, although a new one was begun meanwhile', async () => {
    const disk = new SimulatedDisk();
    const options = { directory: place.path, fileSystem: disk, ...SMALL, segmentBytes: 1, eventRetentionBytes: 0 };
    const store = createJsonFileStore(options);
    await store.open();
    const appends = [...APPENDS];
    const appendNext = async () => store.append(appends.shift() ?? []);
    let renamed = 0;
    // The next segment is begun between the line of a snapshot and the drop of what it makes superfluous.
    disk.beforeRename = async () => {
      renamed += 1;
      await appendNext();
    };
    while (renamed < 2 && appends.length > 1) {
      await appendNext();
      // Long enough for a snapshot, so that it begins and is marked in the segment of this append.
      for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(renamed).toBe(2);
    disk.beforeRename = async () => {};
    await vi.waitFor(() => expect(disk.names()).not.toContain('state.json.tmp'), 30_000);
    const left = disk.after('written');
    const acked = (APPENDS[APPENDS.length - appends.length - 1] ?? []).at(-1)?.seq ?? 0;
    await store.close();
    expect((await find(place.path, left)).lastSeq).toBeGreaterThanOrEqual(acked);
  });
});

describe('a disk that fails at one step and works again', () => {
  const kinds = ['EIO', 'ENOSPC'] as const;
  for (const kind of kinds) {
    it(`${kind}: memory shows what was acknowledged and nothing else, later appends are refused, nothing is lost`, async () => {
      for (let at = 1; at <= steps; at += 1) {
        const disk = new SimulatedDisk();
        const fault: Fault = { at, kind, effect: kind === 'EIO' ? 'none' : 'half' };
        disk.fault = fault;
        const options = { directory: place.path, fileSystem: disk, ...SMALL };
        const outcome = await live(options, APPENDS, async (store, ackedSeq) => {
          expect(await tasksOf(store)).toEqual(expectedTasks(APPENDS, ackedSeq));
          if (ackedSeq === APPENDS.flat().length) return;
          const next = APPENDS.find((events) => events[0]?.seq === ackedSeq + 1) ?? [];
          await expect(store.append(next)).rejects.toMatchObject({ code: 'unavailable' });
        });
        if (outcome.error !== undefined) expect(outcome.error).toMatchObject({ code: 'unavailable' });
        await mustRecover(disk.after('written'), outcome.ackedSeq, fault);
      }
    });
  }

  it('a flush that failed is not tried again', async () => {
    const disk = new SimulatedDisk();
    const at = FAULT_FREE.calls.indexOf('flush journal-0000000000000001.log') + 1;
    disk.fault = { at, kind: 'EIO', effect: 'none' };
    await live({ directory: place.path, fileSystem: disk, ...SMALL }, APPENDS);
    expect(disk.calls.slice(at)).toEqual([]);
  });

  it('nor is one of the directory, whose names a later one would vouch for: the store is read-only', async () => {
    const options = { directory: place.path, ...SMALL };
    const trial = new SimulatedDisk();
    await live({ ...options, fileSystem: trial }, APPENDS);
    const renamed = trial.calls.indexOf('rename state.json.tmp');
    const disk = new SimulatedDisk();
    disk.fault = { at: trial.calls.indexOf('sync directory', renamed) + 1, kind: 'EIO', effect: 'none' };
    const { error } = await live({ ...options, fileSystem: disk }, APPENDS);
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('EIO') });
    expect(disk.calls.slice(disk.fault.at)).not.toContain('sync directory');
  });

  it('writes that take only some of the bytes are gone on with', async () => {
    for (const maxWrite of [1, 7, 100]) {
      const disk = new SimulatedDisk();
      disk.maxWrite = maxWrite;
      const acked = await twoLives(disk);
      expect(acked).toBe(APPENDS.flat().length);
      await mustRecover(disk.after('flushed'), acked, { at: 1, kind: 'EIO', effect: 'all' });
    }
  });
});
