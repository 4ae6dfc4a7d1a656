import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EventSequence, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqliteMaintenance, createSqliteStore } from '../src/index.js';
import { bundleChild } from './bundle-child.js';

/** Files may have so many blocks of 512 bytes: 1 MiB. */
const MOST_BLOCKS = 2048;

let place: TemporaryDirectory;
let file: string;

beforeEach(async () => {
  place = await temporaryDirectory();
  file = join(place.path, 'data', 'execgo.db');
});
afterEach(() => place.remove());

describe.skipIf(process.platform === 'win32')('when no file can grow any more', () => {
  it('the append is taken back whole, all later ones are refused, reads go on, and a start with room recovers', async () => {
    const script = await bundleChild('failing-child', place.path);
    const limited = `ulimit -f ${MOST_BLOCKS}; exec "$0" "$@"`;
    const { stdout } = await promisify(execFile)('sh', ['-c', limited, process.execPath, script, file]);
    expect(JSON.parse(stdout)).toEqual({
      large: ['unavailable', 'unavailable'],
      later: 'unavailable',
      found: ['first', null, null],
    });
    const store = createSqliteStore({ file });
    expect(await store.open()).toMatchObject({ firstSeq: 1, lastSeq: 1 });
    await store.append([new EventSequence({ firstSeq: 2 }).submitted('second')]);
    expect((await store.getMany(['first', 'second', 'large-0'])).map((task) => task?.id)).toEqual([
      'first',
      'second',
      undefined,
    ]);
    await store.close();
    expect((await createSqliteMaintenance({ file }).inspect()).findings).toEqual([]);
  });
});

it('a large append whose last part is illegal is taken back whole, and what came before it stays', async () => {
  const store = createSqliteStore({ file });
  await store.open();
  const make = new EventSequence();
  const before = store.append([make.submitted('before')]);
  const large = Array.from({ length: 5_000 }, (_, at) => make.submitted(`large-${at}`));
  await expect(store.append([...large, make.succeeded('unknown', 1)])).rejects.toMatchObject({ code: 'unavailable' });
  await before;
  expect((await store.getMany(['before', 'large-0', 'large-4999'])).map((task) => task?.id)).toEqual([
    'before',
    undefined,
    undefined,
  ]);
  await store.close();
  expect(await store.open()).toMatchObject({ lastSeq: 1 });
  await store.close();
});

it('a second process is refused, and told the pid of the first', async () => {
  const script = await bundleChild('appending-child', place.path);
  const child = spawn(process.execPath, [script, file, 'none'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  try {
    // It says what it has appended: from then on it has the place.
    await once(child.stdout, 'data');
    child.stdout.resume();
    await expect(createSqliteStore({ file }).open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(String(child.pid)),
      details: { pid: child.pid },
    });
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
});
