import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJsonFileMaintenance, createJsonFileStore } from '../src/index.js';
import { lifeOf, live, SMALL, written } from './recorded-life.js';
import { SimulatedDisk } from './simulated-disk.js';

const APPENDS = lifeOf(8);
const JOURNAL = 'journal-0000000000000001.log';
let place: TemporaryDirectory;
beforeAll(async () => {
  place = await temporaryDirectory();
});
afterAll(() => place.remove());

/** Files as `kill -9` leaves them: a journal and no snapshot, or several journals and snapshots. */
async function killed(options: object = { snapshotMinBytes: 1_000_000 }): Promise<SimulatedDisk> {
  let left: SimulatedDisk | undefined;
  await live({ directory: place.path, fileSystem: new SimulatedDisk(), ...options }, []);
  const disk = new SimulatedDisk();
  await live({ directory: place.path, fileSystem: disk, ...options }, APPENDS, async () => {
    left = disk.after('flushed');
  });
  return left as SimulatedDisk;
}

function inspect(fileSystem: SimulatedDisk, options: object = {}) {
  return createJsonFileMaintenance({ directory: place.path, fileSystem, ...options }).inspect();
}

describe('inspect', () => {
  it('of a store that is well tells facts and finds nothing', async () => {
    const { place: where, facts, findings } = await inspect(await killed(SMALL));
    expect(where).toBe(place.path);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(facts).toMatchObject({
      store_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      first_seq: 1,
      last_seq: APPENDS.flat().length,
      receipts: 4,
    });
    expect(facts.tasks).toBeGreaterThan(5);
    expect(facts.journal_files).toBeGreaterThan(2);
  });

  it('names file and offset of damage, and changes nothing', async () => {
    const disk = await killed();
    const bytes = Buffer.from(disk.content(JOURNAL));
    const second = bytes.indexOf('\n') + 1;
    bytes[second + 40] = (bytes[second + 40] ?? 0) ^ 1;
    disk.put(JOURNAL, bytes);
    const { findings } = await inspect(disk);
    expect(findings[0]).toEqual({
      severity: 'error',
      message: expect.stringContaining(JOURNAL),
      remedy: expect.stringContaining('backup'),
      file: join(place.path, JOURNAL),
      offset: second,
    });
    expect(disk.calls).toEqual([]);
  });

  it.each([
    ['state.json', 'success', 'not what was written'],
    ['receipts.json', 'digest', 'not what was written'],
    ['store.json', 'store_id":"', 'not what a store writes'],
  ])('tells of a damaged %s', async (name, before, message) => {
    const disk = await killed(SMALL);
    const bytes = Buffer.from(disk.content(name));
    const at = bytes.indexOf(before) + before.length + (before.endsWith('"') ? 0 : -1);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    disk.put(name, bytes);
    const { findings } = await inspect(disk);
    expect(findings[0]).toMatchObject({ severity: 'error', message: expect.stringContaining(message) });
    expect(findings[0]?.file).toBe(join(place.path, name));
    expect(disk.calls).toEqual([]);
  });

  it.each([JOURNAL, 'store.json'])('tells that %s is missing', async (name) => {
    const disk = await killed();
    disk.delete(name);
    expect((await inspect(disk)).findings[0]).toMatchObject({
      severity: 'error',
      message: expect.stringContaining('missing'),
    });
  });

  it('says what a torn tail means: a warning, and what the next start does', async () => {
    const disk = await killed();
    disk.put(JOURNAL, written(disk.content(JOURNAL)).subarray(0, -5));
    expect((await inspect(disk)).findings[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('nobody was told of'),
      remedy: expect.stringContaining('the next start cuts it off'),
      offset: expect.any(Number),
    });
  });

  it('tells of quarantined bytes and of files that never took their name', async () => {
    const disk = await killed();
    disk.put('.quarantine-journal-0000000000000001.log-77', 'torn');
    disk.put('state.json.tmp', '{');
    const { findings } = await inspect(disk);
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'warning', message: expect.stringContaining('.quarantine-journal') }),
      expect.objectContaining({ severity: 'note', message: expect.stringContaining('state.json.tmp') }),
    ]);
  });

  it('warns of a state that is larger than it should be', async () => {
    const { findings } = await inspect(await killed(SMALL), { warnStateBytes: 100 });
    expect(findings.filter(({ severity }) => severity === 'warning')).toEqual([
      expect.objectContaining({ remedy: expect.stringContaining('execgo migrate') }),
    ]);
  });

  it('tells that tasks of version 1 are yet to be taken over', async () => {
    const disk = new SimulatedDisk();
    disk.put('state.json', await readFile(new URL('./fixtures/go-state.json', import.meta.url)));
    const { facts, findings } = await inspect(disk);
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'note', message: expect.stringContaining('taken over by the next start') }),
    ]);
    expect(facts.tasks).toBeGreaterThan(0);
  });

  it('of a directory that is missing or empty says that there is no store yet', async () => {
    const directory = join(place.path, 'none');
    const nothing = [expect.objectContaining({ severity: 'note', message: expect.stringContaining('no store') })];
    expect((await createJsonFileMaintenance({ directory }).inspect()).findings).toEqual(nothing);
    await mkdir(directory);
    expect((await createJsonFileMaintenance({ directory }).inspect()).findings).toEqual(nothing);
  });

  it('of a store in use names who has it, and does not take what is being written for damage', async () => {
    const directory = join(place.path, 'used');
    const store = createJsonFileStore({ directory });
    await store.open();
    const half = await readFile(join(directory, JOURNAL));
    await writeFile(join(directory, JOURNAL), Buffer.concat([half, Buffer.from('0000')]));
    const { findings } = await createJsonFileMaintenance({ directory }).inspect();
    await store.close();
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'note', message: expect.stringContaining(`in use by pid ${process.pid}`) }),
    ]);
  });

  it('of a lock that is none of ours says which file it is', async () => {
    const directory = join(place.path, 'odd-lock');
    await mkdir(directory);
    await writeFile(join(directory, 'lock'), 'mine');
    const { findings } = await createJsonFileMaintenance({ directory }).inspect();
    expect(findings[0]).toMatchObject({ severity: 'error', file: join(directory, 'lock') });
  });
});
