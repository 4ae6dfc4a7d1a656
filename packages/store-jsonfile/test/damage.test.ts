import { type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJsonFileStore } from '../src/index.js';
import { flipBits } from './bit-flips.js';
import { expectedTasks, find, lifeOf, live, SMALL, written } from './recorded-life.js';
import { SimulatedDisk } from './simulated-disk.js';

const APPENDS = lifeOf(8);
const LAST_SEQ = APPENDS.flat().length;
const LARGE = { snapshotMinBytes: 1_000_000 } as const;
let place: TemporaryDirectory;

beforeAll(async () => {
  place = await temporaryDirectory();
});
afterAll(() => place.remove());

/** One journal file, no snapshot, as `kill -9` leaves it. */
async function killed(): Promise<SimulatedDisk> {
  let left: SimulatedDisk | undefined;
  const disk = new SimulatedDisk();
  await live({ directory: place.path, fileSystem: disk, ...LARGE }, APPENDS, async () => {
    left = disk.after('flushed');
  });
  return left as SimulatedDisk;
}

const JOURNAL = 'journal-0000000000000001.log';

describe('a torn tail', () => {
  it('recovers at every byte offset of the last line, and keeps what was cut', async () => {
    const whole = written((await killed()).content(JOURNAL));
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    const before = LAST_SEQ - (APPENDS.at(-1)?.length ?? 0);
    for (let end = lastLine; end <= whole.length; end += 1) {
      const disk = await fresh(whole.subarray(0, end));
      const found = await find(place.path, disk);
      const isKept = end >= whole.length - 1;
      expect(found.lastSeq, `cut at ${end}`).toBe(isKept ? LAST_SEQ : before);
      expect(found.tasks).toEqual(expectedTasks(APPENDS, found.lastSeq));
      const quarantine = disk.names().filter((name) => name.startsWith('.quarantine'));
      expect(quarantine).toEqual(isKept || end === lastLine ? [] : [`.quarantine-${JOURNAL}-${lastLine}`]);
      if (quarantine.length > 0) expect(disk.content(quarantine[0] as string)).toEqual(whole.subarray(lastLine, end));
    }
  });

  it('of zeros, as it is reserved and as some file systems leave it, is no tail', async () => {
    const whole = written((await killed()).content(JOURNAL));
    for (const zeros of [1, 5000, 300_000]) {
      const disk = await fresh(Buffer.concat([whole, Buffer.alloc(zeros)]));
      expect((await find(place.path, disk)).lastSeq).toBe(LAST_SEQ);
      expect(disk.names().filter((name) => name.startsWith('.quarantine'))).toEqual([]);
    }
  });

  it('at every byte offset of the last line, with zeros behind it, is cut all the same, and the zeros are not kept', async () => {
    const whole = written((await killed()).content(JOURNAL));
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let end = lastLine; end <= whole.length; end += 1) {
      const disk = await fresh(Buffer.concat([whole.subarray(0, end), Buffer.alloc(100_000)]));
      const found = await find(place.path, disk);
      const isKept = end >= whole.length - 1;
      expect(found.tasks, `cut at ${end}`).toEqual(expectedTasks(APPENDS, found.lastSeq));
      expect(found.lastSeq === LAST_SEQ).toBe(isKept);
      const quarantine = disk.names().filter((name) => name.startsWith('.quarantine'));
      expect(quarantine).toEqual(isKept || end === lastLine ? [] : [`.quarantine-${JOURNAL}-${lastLine}`]);
      if (quarantine.length > 0) expect(disk.content(quarantine[0] as string)).toEqual(whole.subarray(lastLine, end));
    }
  });

  it('that stands behind zeros, as when a later page reached the disk first, is cut with a warning', async () => {
    const whole = written((await killed()).content(JOURNAL));
    const warnings: string[] = [];
    const fileSystem = await fresh(Buffer.concat([whole, Buffer.alloc(4000), Buffer.from('half of a line')]));
    const store = createJsonFileStore({
      directory: place.path,
      fileSystem,
      onWarning: (message) => warnings.push(message),
    });
    expect(await store.open()).toMatchObject({ lastSeq: LAST_SEQ });
    await store.close();
    expect(warnings).toEqual([expect.stringContaining(`at byte ${whole.length}`)]);
  });

  it('is not there after a stop: what was reserved is given back', async () => {
    const disk = new SimulatedDisk();
    await live({ directory: place.path, fileSystem: disk, ...LARGE }, APPENDS);
    expect(disk.content(JOURNAL).at(-1)).toBe('\n'.charCodeAt(0));
    disk.put(JOURNAL, Buffer.concat([disk.content(JOURNAL), Buffer.alloc(1000)]));
    await find(place.path, disk);
    expect(disk.content(JOURNAL).at(-1)).toBe('\n'.charCodeAt(0));
  });

  it('is told as a warning that names the file, the offset and where the bytes are', async () => {
    const whole = written((await killed()).content(JOURNAL));
    const warnings: string[] = [];
    const fileSystem = await fresh(whole.subarray(0, -5));
    const onWarning = (message: string) => warnings.push(message);
    const store = createJsonFileStore({ directory: place.path, fileSystem, onWarning });
    await store.open();
    await store.close();
    expect(warnings).toEqual([expect.stringMatching(/journal-0000000000000001\.log.* at byte \d+.*\.quarantine-/)]);
  });

  it('appends go on where it was cut, and a second tear is kept beside the first', async () => {
    const whole = written((await killed()).content(JOURNAL));
    const disk = await fresh(whole.subarray(0, -5));
    const cutAt = LAST_SEQ - (APPENDS.at(-1)?.length ?? 0);
    const missing = APPENDS.filter((events) => (events[0]?.seq ?? 0) > cutAt);
    let left: SimulatedDisk | undefined;
    await live({ directory: place.path, fileSystem: disk, ...LARGE }, missing, async () => {
      left = disk.after('flushed');
    });
    const again = left as SimulatedDisk;
    const longer = written(again.content(JOURNAL));
    expect(longer).toHaveLength(whole.length);
    again.put(JOURNAL, longer.subarray(0, -5));
    expect((await find(place.path, again)).lastSeq).toBe(cutAt);
    expect(again.names().filter((name) => name.startsWith('.quarantine'))).toHaveLength(2);
  });
});

describe('damage to what was flushed', () => {
  it('refuses to start, names file and offset, and changes nothing', async () => {
    const disk = await killed();
    const bytes = Buffer.from(disk.content(JOURNAL));
    const second = bytes.indexOf('\n') + 1;
    bytes[second + 40] = (bytes[second + 40] ?? 0) ^ 1;
    disk.put(JOURNAL, bytes);
    const store = createJsonFileStore({ directory: place.path, fileSystem: disk });
    await expect(store.open()).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining(`${JOURNAL} at byte ${second}`),
      details: { file: expect.stringContaining(JOURNAL), offset: second },
    });
    expect(disk.calls).toEqual([]);
    expect(disk.content(JOURNAL)).toEqual(bytes);
  });

  it('a snapshot line counts as flushed once anything follows it, also where its snapshot came to nothing', async () => {
    const disk = new SimulatedDisk();
    const trial = new SimulatedDisk();
    await live({ directory: place.path, fileSystem: trial, ...LARGE }, APPENDS.slice(0, 3));
    disk.fault = { at: trial.calls.indexOf('rename receipts.json.tmp') + 1, kind: 'crash', effect: 'none' };
    await live({ directory: place.path, fileSystem: disk, ...LARGE }, APPENDS.slice(0, 3));
    let left: SimulatedDisk | undefined;
    const next = disk.after('flushed');
    await live({ directory: place.path, fileSystem: next, ...LARGE }, APPENDS.slice(3, 4), async () => {
      left = next.after('flushed');
    });
    const bytes = Buffer.from(left?.content(JOURNAL) ?? '');
    const mark = bytes.lastIndexOf('\n', bytes.indexOf('"snapshot"')) + 1;
    bytes[mark + 30] = (bytes[mark + 30] ?? 0) ^ 1;
    left?.put(JOURNAL, bytes);
    await expect(find(place.path, left as SimulatedDisk)).rejects.toMatchObject({ details: { offset: mark } });
  });

  it('a segment that is gone from the middle, or from the start, is refused', async () => {
    for (const which of [0, 1, 2]) {
      const disk = await manySegments();
      const segments = disk.names().filter((name) => name.startsWith('journal'));
      expect(segments.length).toBeGreaterThan(3);
      disk.delete(segments[which] as string);
      if (which === 0) disk.delete('state.json');
      await expect(find(place.path, disk)).rejects.toMatchObject({ code: 'internal' });
    }
  });

  it.each(['state.json', 'receipts.json', 'store.json'])(
    'a %s that is gone, after old journal was dropped, is refused',
    async (name) => {
      const disk = await manySegments({ eventRetentionBytes: 0 });
      expect(disk.names()).not.toContain(JOURNAL);
      disk.delete(name);
      await expect(find(place.path, disk)).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringContaining(name),
      });
    },
  );

  it('400 single bit flips anywhere: refused by name, or nothing but the unacknowledged end is lost (10,000 in the long proof)', async () => {
    const counts = await flipBits(place.path, 400, 20_261_123);
    expect(counts.refused).toBeGreaterThan(300);
    expect(counts.refused + counts.cut + counts.harmless).toBe(400);
  });
});

async function fresh(journal: Buffer): Promise<SimulatedDisk> {
  const disk = (await killed()).after('flushed');
  disk.put(JOURNAL, journal);
  return disk;
}

/** What `kill -9` leaves of a store that wrote snapshots and began new segments. */
async function manySegments(extra: object = {}): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  let left: SimulatedDisk | undefined;
  await live({ directory: place.path, fileSystem: disk, ...SMALL, ...extra }, lifeOf(20), async () => {
    left = disk.after('flushed');
  });
  return left as SimulatedDisk;
}
