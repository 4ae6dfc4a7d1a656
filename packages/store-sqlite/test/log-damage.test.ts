import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventSequence, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteMaintenance, createSqliteStore, type SqliteStoreOptions } from '../src/index.js';
import { loadSqlite } from '../src/load-sqlite.js';
import { tasksOf } from './tasks-of.js';

const Database = loadSqlite();

const HEADER_BYTES = 32;
const FRAME_BYTES = 24 + 4096;
const IDS = ['a', 'b', 'c', 'd'];
let place: TemporaryDirectory;
let file: string;
let log: string;
const warnings: string[] = [];

beforeEach(async () => {
  place = await temporaryDirectory();
  mkdirSync(join(place.path, 'killed'));
  file = join(place.path, 'killed', 'execgo.db');
  log = `${file}-wal`;
  warnings.length = 0;
});
afterEach(() => place.remove());

/** What `kill -9` leaves of a store to which these were appended one by one. */
async function killed(options: Partial<SqliteStoreOptions> = {}, then?: (file: string) => void): Promise<void> {
  const living = join(place.path, 'living', 'execgo.db');
  const store = createSqliteStore({ ...options, file: living });
  await store.open();
  const make = new EventSequence();
  for (const id of IDS) await store.append([make.submitted(id)]);
  then?.(living);
  for (const suffix of ['', '-wal']) copyFileSync(`${living}${suffix}`, `${file}${suffix}`);
  await store.close();
}

/** Where the frames of each commit begin. */
function commits(): readonly number[] {
  const bytes = readFileSync(log);
  const begins: number[] = [];
  let isFirst = true;
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= bytes.length; at += FRAME_BYTES) {
    if (isFirst) begins.push(at);
    isFirst = bytes.readUInt32BE(at + 4) !== 0;
  }
  return begins;
}

function flip(byte: number): void {
  const bytes = readFileSync(log);
  bytes[byte] = (bytes[byte] ?? 0) ^ 4;
  writeFileSync(log, bytes);
}

async function shown(durability: 'always' | 'none' = 'always'): Promise<readonly string[]> {
  const store = createSqliteStore({ file, durability, onWarning: (message) => warnings.push(message) });
  await store.open();
  const ids = [...(await tasksOf(store)).keys()];
  await store.close();
  return ids.reverse();
}

describe('a log that is damaged where later commits follow', () => {
  it.each([
    ['in a page', (from: number) => from + 24 + 77],
    ['in the number of a page', (from: number) => from + 3],
    ['in the size of the database', (from: number) => from + 7],
    ['in the salts', (from: number) => from + 9],
    ['in a checksum', (from: number) => from + 17],
  ])(
    '%s: open refuses and names the log and the place, changes nothing, and so do a copy and an inspection',
    async (_, byteIn) => {
      await killed();
      const from = commits().at(-3) as number;
      flip(byteIn(from));
      const before = readFileSync(log);
      const said = `${log}, byte ${from}: the frame does not fit its checksum, and later commits follow`;
      const refusal = { code: 'internal', message: expect.stringContaining(said), details: { file: log, byte: from } };
      await expect(shown()).rejects.toMatchObject(refusal);
      await expect(createSqliteMaintenance({ file }).read()).rejects.toMatchObject(refusal);
      expect((await createSqliteMaintenance({ file }).inspect()).findings).toContainEqual(
        expect.objectContaining({ severity: 'error', message: said }),
      );
      expect(readFileSync(log).equals(before)).toBe(true);
    },
  );

  it('written without flushes it may be the work of a power cut: what comes before is kept, and a warning names the place', async () => {
    await killed({ durability: 'none' });
    const from = commits().at(-3) as number;
    flip(from + 100);
    expect(await shown('none')).toEqual(['a']);
    expect(warnings).toEqual([expect.stringContaining(`${log}, byte ${from}`)]);
  });
});

it.each([0, 10, 20, 28])('a damaged header of the log, byte %i: open refuses', async (byte) => {
  await killed();
  flip(byte);
  await expect(shown()).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringContaining(`${log}, byte 0: the header does not fit its checksum`),
  });
});

describe('the last commit', () => {
  it('damaged, it looks like one that was interrupted: it is left out, and a warning names the place', async () => {
    await killed();
    const from = commits().at(-1) as number;
    flip(from + 100);
    expect(await shown()).toEqual(['a', 'b', 'c']);
    expect(warnings).toEqual([expect.stringContaining(`${log}, byte ${from}: the last commit is not whole`)]);
  });

  it('interrupted, too', async () => {
    await killed();
    const from = commits().at(-1) as number;
    writeFileSync(log, readFileSync(log).subarray(0, from + FRAME_BYTES));
    expect(await shown()).toEqual(['a', 'b', 'c']);
    expect(warnings).toEqual([expect.stringContaining('the last commit is not whole')]);
  });

  it('damaged when the database has been given it: open refuses, and shows no mixture of now and before', async () => {
    await killed({}, (living) => {
      const other = new Database(living);
      other.pragma('wal_checkpoint(PASSIVE)');
      other.close();
    });
    for (const offset of [100, FRAME_BYTES + 100]) {
      const sound = readFileSync(log);
      flip((commits().at(-1) as number) + offset);
      await expect(shown()).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringContaining('the last commit is damaged, and the database has been given some of it'),
      });
      writeFileSync(log, sound);
    }
    expect(await shown()).toEqual(IDS);
  });
});

it('a sound log, with frames of an earlier one behind it, opens without a word', async () => {
  await killed({ checkpointBytes: 30_000 });
  const bytes = readFileSync(log);
  const salts = bytes.subarray(16, 24);
  const stale = Array.from(
    { length: (bytes.length - HEADER_BYTES) / FRAME_BYTES },
    (_, at) => HEADER_BYTES + at * FRAME_BYTES,
  ).filter((at) => !bytes.subarray(at + 8, at + 16).equals(salts));
  expect(stale.length).toBeGreaterThan(0);
  expect(await shown()).toEqual(IDS);
  expect(warnings).toEqual([]);
});
