import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventSequence, temporaryDirectory } from '@execgo/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { createStore } from '../index.js';

/** A store of two appends, closed, and its file. */
async function written() {
  const place = await temporaryDirectory();
  onTestFinished(place.remove);
  const store = createStore({ dataDir: place.path });
  const make = new EventSequence();
  await store.open();
  await store.append([make.graph(), make.submitted('é')]);
  await store.append([make.started('é'), make.succeeded('é', 'done')]);
  await store.close();
  const path = join(place.path, 'events.ndjson');
  return { store, make, path, bytes: readFileSync(path) };
}

it('an append that a crash cut short, at whichever byte, is not there, and what was before it is', async () => {
  const { store, path, bytes } = await written();
  const begin = bytes.lastIndexOf(10, bytes.length - 2) + 1;
  for (let end = begin; end < bytes.length; end += 1) {
    writeFileSync(path, bytes.subarray(0, end));
    expect(await store.open()).toMatchObject({ lastSeq: 2 });
    expect((await store.list({})).tasks).toMatchObject([{ status: 'pending' }]);
    await store.close();
    expect(readFileSync(path).length).toBe(begin);
  }
});

it('after that it goes on where it stands', async () => {
  const { store, make, path, bytes } = await written();
  writeFileSync(path, bytes.subarray(0, -1));
  await store.open();
  make.nextSeq = 3;
  await store.append([make.started('é')]);
  await store.close();
  expect(await store.open()).toMatchObject({ lastSeq: 3 });
  expect((await store.getMany(['é']))[0]).toMatchObject({ status: 'running' });
  await store.close();
});

it.each([
  [
    'a line that is no JSON',
    (text: string) => text.replace('graph_submitted', 'graph"submitted'),
    'is damaged at byte',
  ],
  ['a line that is missing', (text: string) => text.replace(/\n.*graph_submitted.*\n/, '\n'), 'seq 1 is missing'],
  ['another file', () => '{"hello": "world"}\n', 'no store begins like this'],
])('%s refuses the open, says where, and is left as it is', async (_, spoil, message) => {
  const { store, path, bytes } = await written();
  writeFileSync(path, spoil(bytes.toString()));
  const spoiled = readFileSync(path);
  await expect(store.open()).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining(message) });
  expect(readFileSync(path)).toEqual(spoiled);
  await expect(store.open()).rejects.toMatchObject({ code: 'internal' });
});
