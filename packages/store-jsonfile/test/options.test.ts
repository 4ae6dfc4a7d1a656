import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@execgo/core';
import { EventSequence, temporaryDirectory } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { createJsonFileStore, type JsonFileStoreOptions } from '../src/index.js';
import { lifeOf, live, SMALL } from './recorded-life.js';
import { SimulatedDisk } from './simulated-disk.js';

it.each([
  [{ directory: '' }, 'option directory: expected a path, got ""'],
  [{ directory: 'x', durability: 'sometimes' }, 'option durability: expected "always" or "none", got "sometimes"'],
  [{ directory: 'x', segmentBytes: -1 }, 'option segmentBytes: expected a whole number, 0 or more, got -1'],
  [{ directory: 'x', eventRetentionBytes: 1.5 }, 'option eventRetentionBytes'],
  [{ directory: 'x', snapshotMinBytes: Number.NaN }, 'option snapshotMinBytes'],
  [{ directory: 'x', snapshotMinIntervalMs: '1' }, 'option snapshotMinIntervalMs'],
  [{ directory: 'x', receipts: { maxAgeMs: 1, maxKeys: -1 } }, 'option receipts.maxKeys'],
])('%j is a ConfigError that names the option', (options, message) => {
  const make = () => createJsonFileStore(options as JsonFileStoreOptions);
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});

it('the directory is made with its parents, 0700, and every file in it is 0600', async () => {
  const place = await mkdtemp(join(tmpdir(), 'execgo-jsonfile-'));
  const directory = join(place, 'a', 'data');
  await live({ directory }, lifeOf(3));
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
  expect(await mode(directory)).toBe('700');
  for (const name of ['state.json', 'receipts.json', 'store.json', 'journal-0000000000000001.log']) {
    expect([name, await mode(join(directory, name))]).toEqual([name, '600']);
  }
  await rm(place, { recursive: true });
});

it('a state above warnStateBytes is told as a warning that says what to do', async () => {
  const place = await mkdtemp(join(tmpdir(), 'execgo-jsonfile-'));
  const warnings: string[] = [];
  const options = { directory: place, warnStateBytes: 100, onWarning: (message: string) => warnings.push(message) };
  await live(options, lifeOf(3));
  expect(warnings).toEqual([expect.stringMatching(/state\.json holds \d+ bytes.*move to store-sqlite/)]);
  await rm(place, { recursive: true });
});

it('durability none: an append resolves without a flush, and a clean stop leaves everything on disk', async () => {
  const place = await mkdtemp(join(tmpdir(), 'execgo-jsonfile-'));
  const disk = new SimulatedDisk();
  const options = { directory: place, fileSystem: disk, durability: 'none' } as const;
  await live(options, [[new EventSequence().graph()]], async () => {
    expect(disk.calls).not.toContain('flush journal-0000000000000001.log');
  });
  const store = createJsonFileStore({ ...options, fileSystem: disk.after('flushed') });
  expect(await store.open()).toMatchObject({ lastSeq: 1 });
  await store.close();
  await rm(place, { recursive: true });
});

it('durability none: after a power cut it starts, with whole appends', async () => {
  const place = await mkdtemp(join(tmpdir(), 'execgo-jsonfile-'));
  const appends = lifeOf(10);
  for (let at = 1; at <= 80; at += 1) {
    const disk = new SimulatedDisk();
    disk.fault = { at, kind: 'crash', effect: 'half' };
    const options = { directory: place, durability: 'none', ...SMALL } as const;
    await live({ ...options, fileSystem: disk }, appends);
    const store = createJsonFileStore({ ...options, fileSystem: disk.after('flushed'), onWarning: () => {} });
    const { lastSeq } = await store.open();
    expect(lastSeq === 0 || appends.some((events) => events.at(-1)?.seq === lastSeq)).toBe(true);
    await store.close();
  }
  await rm(place, { recursive: true });
});

it('keeps no more history than it must where that is said to be none', async () => {
  const { path, remove } = await temporaryDirectory();
  const make = new EventSequence();
  const store = createJsonFileStore({ directory: path, eventRetentionBytes: 0, segmentBytes: 0 });
  await store.open();
  for (const id of ['a', 'b', 'c']) await store.append([make.graph(), make.submitted(id)]);
  expect((await store.list({})).tasks.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  await store.close();
  await remove();
});
