import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type DrainedStore, drainContents, KeptStore, keptAfter, legalEvents } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArchive, createMaintenance } from '../src/index.js';
import { useFiles } from './archive-place.js';
import { lifeOf } from './life.js';

const files = useFiles();
const HELD = keptAfter(lifeOf(12));

async function archived(held: DrainedStore = HELD): Promise<string> {
  const file = files.next();
  await createArchive({ file }).fill(await new KeptStore(held).read());
  return file;
}

describe('an archive', () => {
  it('of any history gives back the same tasks, events, receipts, name and seqs', async () => {
    await fc.assert(
      fc.asyncProperty(legalEvents(), fc.nat({ max: 20 }), async (events, dropped) => {
        const held = keptAfter(events, 'fedcba9876543210', Math.min(dropped, events.length) + 1);
        const file = await archived(held);
        expect(await drainContents(await createMaintenance({ path: file }).read())).toEqual(held);
      }),
      { numRuns: 60 },
    );
  });

  it('gives tasks and events after a seq, each part as often as it is asked for', async () => {
    const many = keptAfter(lifeOf(400));
    const contents = await createArchive({ file: await archived(many) }).read();
    for (const after of [0, 1, 1200, 1201, many.lastSeq - 1, many.lastSeq]) {
      const rest = { ...contents, storeId: contents.storeId, firstSeq: 1, lastSeq: 1, close: async () => {} };
      const drained = await drainContents({
        ...rest,
        tasks: () => contents.tasks(after),
        events: () => contents.events(after),
        receipts: () => contents.receipts(),
      });
      expect(drained.tasks).toEqual(many.tasks.filter((task) => task.submitted_seq > after));
      expect(drained.events).toEqual(many.events.filter(({ seq }) => seq > after));
    }
    await contents.close();
    await contents.close();
  });

  it('is a JSON object a line, for other programs to read', async () => {
    const lines = (await readFile(await archived(), 'utf8')).split('\n');
    expect(lines.pop()).toBe('');
    const objects = lines.map((line) => JSON.parse(line));
    expect(objects[0]).toMatchObject({
      line: 1,
      archive: { format: 1, store_id: HELD.storeId, first_seq: 1, last_seq: HELD.lastSeq },
    });
    expect(objects.flatMap(({ part, rows }) => (part === 'tasks' ? rows : [])).map(({ id }) => id)).toEqual(
      HELD.tasks.map(({ id }) => id),
    );
    expect(objects.at(-1).end).toMatchObject({ tasks: HELD.tasks.length, events: HELD.events.length, receipts: 12 });
  });

  it('is open to its owner alone, and leaves no other file behind', async () => {
    const file = await archived();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(files.folder())).filter((name) => name.startsWith(basename(file)))).toEqual([basename(file)]);
  });

  it('never replaces a file, whatever it is', async () => {
    const file = files.next();
    await writeFile(file, 'mine');
    const filled = createArchive({ file }).fill(await new KeptStore(HELD).read());
    await expect(filled).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(file) });
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('that appears while one is written is not replaced either', async () => {
    const file = files.next();
    const contents = await new KeptStore(HELD).read();
    async function* receipts() {
      await writeFile(file, 'mine');
      yield* contents.receipts();
    }
    await expect(createArchive({ file }).fill({ ...contents, receipts })).rejects.toMatchObject({ code: 'conflict' });
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('is there whole or not at all: contents that fail leave nothing, and the same fill again succeeds', async () => {
    const file = files.next();
    const contents = await new KeptStore(HELD).read();
    async function* events() {
      yield HELD.events.slice(0, 5);
      throw new RangeError('the source is gone');
    }
    await expect(createArchive({ file }).fill({ ...contents, events })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the source is gone'),
    });
    expect((await readdir(files.folder())).filter((name) => name.startsWith(basename(file)))).toEqual([]);
    await createArchive({ file }).fill(contents);
    expect(await drainContents(await createArchive({ file }).read())).toEqual(HELD);
  });

  it('begins anew over what a killed process left', async () => {
    const file = files.next();
    await writeFile(`${file}.partial`, 'half of an archi');
    await createArchive({ file }).fill(await new KeptStore(HELD).read());
    expect(await drainContents(await createArchive({ file }).read())).toEqual(HELD);
  });

  it('that two write at once is written by one of them, and is whole', async () => {
    for (let round = 0; round < 10; round += 1) {
      const file = files.next();
      const fill = async () => createArchive({ file }).fill(await new KeptStore(HELD).read());
      const ends = await Promise.allSettled([fill(), fill(), fill()]);
      const refused = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
      expect(refused).toHaveLength(2);
      expect(await drainContents(await createArchive({ file }).read())).toEqual(HELD);
    }
  });

  it('that is missing is not found, and a folder that is missing cannot be written to', async () => {
    const file = files.next();
    await expect(createArchive({ file }).read()).rejects.toMatchObject({ code: 'not_found' });
    const nowhere = createArchive({ file: `${file}/below/archive` });
    await expect(nowhere.fill(await new KeptStore(HELD).read())).rejects.toMatchObject({ code: 'unavailable' });
    await expect(createArchive({ file: files.folder() }).read()).rejects.toMatchObject({ code: 'unavailable' });
    expect(() => createArchive({ file: '' })).toThrow('option file: expected a path');
  });

  it('is told of by inspect: facts where it is whole, what and where where it is not', async () => {
    const file = await archived();
    expect(await createArchive({ file }).inspect()).toEqual({
      place: file,
      facts: expect.objectContaining({ store_id: HELD.storeId, tasks: HELD.tasks.length, last_seq: HELD.lastSeq }),
      findings: [],
    });
    await writeFile(file, (await readFile(file)).subarray(0, -3));
    const { findings } = await createArchive({ file }).inspect();
    expect(findings).toEqual([expect.objectContaining({ severity: 'error', file, offset: expect.any(Number) })]);
    expect((await createArchive({ file: files.next() }).inspect()).findings[0]?.message).toContain('no archive');
  });
});
