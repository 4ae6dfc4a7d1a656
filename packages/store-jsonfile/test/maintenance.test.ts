import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskEvent } from '@execgo/core';
import {
  type DrainedStore,
  drainContents,
  EventSequence,
  KeptStore,
  keptAfter,
  legalEvents,
  type TemporaryDirectory,
  temporaryDirectory,
} from '@execgo/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJsonFileMaintenance, createJsonFileStore, createMaintenance } from '../src/index.js';
import { eventsOf, lifeOf, live, SMALL, tasksOf, written } from './recorded-life.js';

let place: TemporaryDirectory;
let folders = 0;
beforeAll(async () => {
  place = await temporaryDirectory();
});
afterAll(() => place.remove());

function fresh(): string {
  folders += 1;
  return join(place.path, `store-${folders}`);
}

async function storeOf(appends: readonly (readonly TaskEvent[])[], options: object = SMALL): Promise<string> {
  const directory = fresh();
  await live({ directory, ...options }, appends);
  return directory;
}

async function contentsOf(directory: string): Promise<DrainedStore> {
  return drainContents(await createJsonFileMaintenance({ directory }).read());
}

/** Every file of a directory, so that a change to any of them shows. */
async function filesOf(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of (await readdir(directory)).sort())
    files[name] = (await readFile(join(directory, name))).toString('hex');
  return files;
}

describe('read', () => {
  it('gives every task, event and receipt of a store that was closed, and changes nothing', async () => {
    const appends = lifeOf(12);
    const directory = await storeOf(appends);
    const before = await filesOf(directory);
    const contents = await contentsOf(directory);
    expect(contents).toEqual({ ...keptAfter(appends.flat(), contents.storeId), firstSeq: contents.firstSeq });
    expect(await filesOf(directory)).toEqual(before);
  });

  it('gives the same of a store that is open, without its lock', async () => {
    const appends = lifeOf(12);
    const directory = fresh();
    await live({ directory, ...SMALL }, appends, async () => {
      const contents = await contentsOf(directory);
      expect(contents).toEqual(keptAfter(appends.flat(), contents.storeId));
    });
  });

  it('gives tasks and events after a seq', async () => {
    const appends = lifeOf(12);
    const contents = await createJsonFileMaintenance({ directory: await storeOf(appends) }).read();
    const all = keptAfter(appends.flat());
    for (const after of [0, 1, 17, contents.lastSeq - 1, contents.lastSeq, contents.lastSeq + 9]) {
      const rest = await drainContents({
        ...contents,
        tasks: () => contents.tasks(after),
        events: () => contents.events(after),
        receipts: () => contents.receipts(),
        close: async () => {},
      });
      expect(rest.tasks).toEqual(all.tasks.filter((task) => task.submitted_seq > after));
      expect(rest.events).toEqual(all.events.filter(({ seq }) => seq > after));
    }
    await contents.close();
    await contents.close();
  });

  it('stays what it was while the store goes on, drops the journal it is read from and is closed', async () => {
    const [first, second] = [lifeOf(6), lifeOf(30, lifeOf(6).flat().length + 1)];
    const directory = fresh();
    const store = createJsonFileStore({ directory, ...SMALL, eventRetentionBytes: 0 });
    await store.open();
    for (const events of first) await store.append(events);
    const contents = await createJsonFileMaintenance({ directory }).read();
    const before = await readdir(directory);
    for (const events of second) await store.append(events);
    await store.close();
    expect(before.filter((name) => name.startsWith('journal')).some((name) => !before.includes(name))).toBe(false);
    expect(await readdir(directory)).not.toEqual(before);
    const { storeId, firstSeq } = contents;
    expect(await drainContents(contents)).toEqual(keptAfter(first.flat(), storeId, firstSeq));
  });

  it('of a torn tail gives what a start would keep, and leaves the tail where it is', async () => {
    const appends = lifeOf(4);
    const source = fresh();
    let whole: Buffer = Buffer.alloc(0);
    let files: string[] = [];
    await live({ directory: source, snapshotMinBytes: 1_000_000 }, appends, async () => {
      whole = written(await readFile(join(source, JOURNAL)));
      files = await readdir(source);
    });
    expect(files).toContain(JOURNAL);
    const storeFile = await readFile(join(source, 'store.json'));
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let end = lastLine; end <= whole.length; end += 7) {
      const directory = fresh();
      await mkdir(directory);
      await writeFile(join(directory, 'store.json'), storeFile);
      await writeFile(join(directory, JOURNAL), whole.subarray(0, end));
      const before = await filesOf(directory);
      const read = await contentsOf(directory);
      expect(await filesOf(directory)).toEqual(before);
      const store = createJsonFileStore({ directory, onWarning: () => {} });
      const opened = await store.open();
      expect(opened).toEqual({ storeId: read.storeId, firstSeq: read.firstSeq, lastSeq: read.lastSeq });
      expect(await eventsOf(store)).toEqual(read.events);
      expect([...(await tasksOf(store)).values()]).toEqual(read.tasks);
      await store.close();
    }
  });

  it('refuses damage to what was flushed, naming file and offset', async () => {
    const directory = await storeOf(lifeOf(5));
    const names = await readdir(directory);
    const name = names.filter((file) => file.startsWith('journal')).sort()[0] as string;
    const bytes = await readFile(join(directory, name));
    bytes[60] = (bytes[60] ?? 0) ^ 4;
    await writeFile(join(directory, name), bytes);
    await expect(createJsonFileMaintenance({ directory }).read()).rejects.toMatchObject({
      code: 'internal',
      details: { file: join(directory, name), offset: 0 },
    });
  });

  it('finds no store in a directory that is missing or holds none', async () => {
    const directory = fresh();
    const wrong = { code: 'not_found', message: expect.stringContaining(directory) };
    await expect(createJsonFileMaintenance({ directory }).read()).rejects.toMatchObject(wrong);
    await mkdir(directory);
    await expect(createMaintenance({ path: directory }).read()).rejects.toMatchObject(wrong);
    expect(await readdir(directory)).toEqual([]);
  });

  it('gives the tasks of a state file of version 1, without history, under one name as often as it is asked', async () => {
    const directory = fresh();
    await mkdir(directory);
    await writeFile(
      join(directory, 'state.json'),
      await readFile(new URL('./fixtures/go-state.json', import.meta.url)),
    );
    const first = await contentsOf(directory);
    expect(await contentsOf(directory)).toEqual(first);
    expect(first.storeId).toMatch(/^[0-9a-f]{16}$/);
    const store = createJsonFileStore({ directory });
    const { firstSeq, lastSeq } = await store.open();
    expect({ firstSeq, lastSeq }).toEqual({ firstSeq: first.firstSeq, lastSeq: first.lastSeq });
    expect([...(await tasksOf(store)).values()]).toEqual(first.tasks);
    await store.close();
  });
});

const JOURNAL = 'journal-0000000000000001.log';

describe('fill', () => {
  it('any history: the new store holds the same tasks, events, receipts, name and seqs, and goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        legalEvents(),
        fc.nat({ max: 30 }),
        fc.constantFrom(200, 4000, 1_000_000),
        async (events, dropped, segmentBytes) => {
          const firstSeq = Math.min(dropped, events.length) + 1;
          const held = keptAfter(events, '0123456789abcdef', firstSeq);
          const directory = fresh();
          const maintenance = createJsonFileMaintenance({ directory, segmentBytes });
          await maintenance.fill(await new KeptStore(held).read());
          expect(await contentsOf(directory)).toEqual(held);

          const store = createJsonFileStore({ directory });
          expect(await store.open()).toEqual({ storeId: held.storeId, firstSeq, lastSeq: events.length });
          const make = new EventSequence({ firstSeq: events.length + 1, startMs: 9e12 });
          const more = [make.graph('later'), make.submitted('later task'), make.started('later task')];
          await store.append(more);
          await store.close();
          expect(await contentsOf(directory)).toMatchObject({
            lastSeq: events.length + 3,
            events: [...held.events, ...more],
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is refused where a store is, and changes nothing there', async () => {
    const directory = await storeOf(lifeOf(3));
    const before = await filesOf(directory);
    const contents = await new KeptStore(keptAfter(lifeOf(2).flat())).read();
    const filled = createJsonFileMaintenance({ directory }).fill(contents);
    await expect(filled).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(directory) });
    expect(await filesOf(directory)).toEqual(before);
  });

  it.each(['state.json', 'receipts.json', JOURNAL])('is refused where a %s lies', async (name) => {
    const directory = fresh();
    await mkdir(directory);
    await writeFile(join(directory, name), '{}');
    const contents = await new KeptStore(keptAfter([])).read();
    await expect(createJsonFileMaintenance({ directory }).fill(contents)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(name),
    });
    expect(await readdir(directory)).toEqual([name]);
  });

  it('is refused while the directory is in use, naming who has it', async () => {
    const directory = fresh();
    await live({ directory }, [], async () => {
      const contents = await new KeptStore(keptAfter([])).read();
      await expect(createJsonFileMaintenance({ directory }).fill(contents)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining(`pid ${process.pid}`),
      });
    });
  });

  it('of contents that skip an event fails, and what it has left opens for nobody until it is finished', async () => {
    const held = keptAfter(lifeOf(8).flat());
    const directory = fresh();
    const broken = { ...held, events: held.events.filter(({ seq }) => seq !== 9) };
    const maintenance = createJsonFileMaintenance({ directory });
    await expect(maintenance.fill(await new KeptStore(broken).read())).rejects.toThrow('seq 9 is due');
    const refusal = { code: 'unavailable', message: expect.stringContaining('Run the same command again') };
    await expect(createJsonFileStore({ directory }).open()).rejects.toMatchObject(refusal);
    await expect(maintenance.read()).rejects.toMatchObject(refusal);
    expect((await maintenance.inspect()).findings[0]).toMatchObject({ severity: 'error' });
    const other = await new KeptStore({ ...held, storeId: 'ffffffffffffffff' }).read();
    await expect(maintenance.fill(other)).rejects.toMatchObject({ code: 'conflict' });
    await maintenance.fill(await new KeptStore(held).read());
    expect(await contentsOf(directory)).toEqual(held);
  });

  it('that has left something of an earlier state of the same store begins anew', async () => {
    const [early, late] = [keptAfter(lifeOf(8).flat()), keptAfter(lifeOf(11).flat())];
    const directory = fresh();
    const maintenance = createJsonFileMaintenance({ directory, segmentBytes: 500 });
    const broken = { ...early, events: early.events.slice(0, -2) };
    await expect(maintenance.fill(await new KeptStore(broken).read())).rejects.toThrow('is due');
    await maintenance.fill(await new KeptStore(late).read());
    expect(await contentsOf(directory)).toEqual(late);
  });

  it('tells how far it has come, in batches', async () => {
    const held = keptAfter(lifeOf(8).flat());
    const said: string[] = [];
    await createJsonFileMaintenance({ directory: fresh() }).fill(await new KeptStore(held).read(), ({ part, done }) =>
      said.push(`${part} ${done}`),
    );
    expect(said).toContain(`tasks ${held.tasks.length}`);
    expect(said).toContain(`events ${held.events.length}`);
    expect(said.at(-1)).toBe(`receipts ${held.receipts.length}`);
    expect(said.length).toBeGreaterThan(5);
  });
});

describe('usedBy', () => {
  it('names who has the store open, and nobody otherwise', async () => {
    const directory = fresh();
    const maintenance = createJsonFileMaintenance({ directory });
    expect(await maintenance.usedBy()).toBeUndefined();
    await live({ directory }, [], async () => {
      expect(await maintenance.usedBy()).toMatch(new RegExp(`^pid ${process.pid} on .* since 2`));
    });
    expect(await maintenance.usedBy()).toBeUndefined();
  });
});
