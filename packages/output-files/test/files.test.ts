import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputKey } from '@execgo/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutputFiles, type OutputFiles, type OutputFilesOptions } from '../src/index.js';
import { temporaryFolder } from './temporary-folder.js';

const KEY: OutputKey = { submittedSeq: 1_234_567, attempt: 2 };
const FOLDER = '1/234/1234567';
const bytes = (text: string) => new TextEncoder().encode(text);

async function openStore(options: Partial<OutputFilesOptions> = {}, storeId = 'one') {
  let directory = options.directory;
  if (directory === undefined) {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    directory = join(folder.path, 'data', 'output');
  }
  const store = createOutputFiles({ ...options, directory });
  await store.open({ storeId });
  onTestFinished(() => store.close());
  return { store, directory };
}

async function write(store: OutputFiles, key: OutputKey, text = 'text') {
  await store.append(key, 'stdout', bytes(text));
  await store.finish(key);
}

/** Files of this process that lie in a folder. */
function openFilesIn(directory: string): number {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return identityOf(`/proc/self/fd/${fd}`);
    } catch {
      return undefined; // Closed between the two looks.
    }
  });
  const files = new Set(
    readdirSync(directory, { recursive: true }).map((name) => identityOf(join(directory, `${name}`))),
  );
  return links.filter((identity) => identity !== undefined && files.has(identity)).length;
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path);
  return `${dev}:${ino}`;
}

describe('the files', () => {
  it('are open to their owner alone, one a stream, in a folder of the task', async () => {
    const { store, directory } = await openStore();
    await store.append(KEY, 'stdout', bytes('out'));
    await store.append(KEY, 'stderr', bytes('err'));
    await store.finish(KEY);
    expect(readdirSync(join(directory, FOLDER)).sort()).toEqual(['2.end', '2.stderr', '2.stdout']);
    expect(readFileSync(join(directory, FOLDER, '2.stdout'), 'utf8')).toBe('out');
    for (const path of ['', '1', '1/234', FOLDER]) expect(statSync(join(directory, path)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(directory, FOLDER))) {
      expect(statSync(join(directory, FOLDER, name)).mode & 0o777).toBe(0o600);
    }
  });

  it('no folder holds more than a thousand others', async () => {
    const { store, directory } = await openStore();
    for (const submittedSeq of [1, 999, 1000, 1001, 1_000_000, 9_007_199_254_740_991]) {
      await write(store, { submittedSeq, attempt: 1 });
    }
    expect(readdirSync(directory).sort()).toEqual(['0', '1', '9007199254', 'store-id']);
    expect(readdirSync(join(directory, '0')).sort()).toEqual(['000', '001']);
    expect(readdirSync(join(directory, '0', '001')).sort()).toEqual(['1000', '1001']);
  });

  it('are open from the first append to finish, and not longer', async () => {
    const { store, directory } = await openStore();
    const keys = [1, 2, 3].map((submittedSeq) => ({ submittedSeq, attempt: 1 }));
    for (const key of keys) await store.append(key, 'stdout', bytes('x'));
    expect(openFilesIn(directory)).toBe(3);
    await Promise.all(keys.map((key) => store.finish(key)));
    await store.read(keys[0] as OutputKey, 'stdout', 0, 10);
    expect(openFilesIn(directory)).toBe(0);
  });

  it('folders that are empty go with the last task in them', async () => {
    const { store, directory } = await openStore();
    const neighbour = { submittedSeq: KEY.submittedSeq + 1, attempt: 1 };
    await write(store, KEY);
    await write(store, neighbour);
    await store.remove(KEY.submittedSeq);
    expect(readdirSync(join(directory, '1/234'))).toEqual(['1234568']);
    await store.remove(neighbour.submittedSeq);
    expect(readdirSync(directory)).toEqual(['store-id']);
  });

  it('tasks of one folder may come and go at the same time', async () => {
    const { store, directory } = await openStore();
    const rounds = Array.from({ length: 40 }, async (_, at) => {
      const key = { submittedSeq: 5000 + (at % 8), attempt: 1 + Math.floor(at / 8) };
      await store.append(key, 'stdout', bytes(`${at}`));
      await store.finish(key);
      await store.remove(key.submittedSeq);
    });
    await Promise.all(rounds);
    expect(readdirSync(directory)).toEqual(['store-id']);
  });
});

it('an attempt before the one that writes is ignored: it ends and replaces nothing', async () => {
  const { store } = await openStore();
  const [earlier, newest] = [2, 3].map((attempt) => ({ ...KEY, attempt })) as [OutputKey, OutputKey];
  await store.append(earlier, 'stdout', bytes('earlier'));
  await store.append(newest, 'stdout', bytes('one'));
  await store.append(earlier, 'stdout', bytes('late'));
  await store.finish(earlier);
  await store.append(newest, 'stdout', bytes('two'));
  await store.finish(newest);
  expect(await store.size(newest)).toMatchObject({ stdout: { bytes: 6, kept: 6 }, finished: true });
  expect(await store.read(newest, 'stdout', 0, 100)).toEqual(bytes('onetwo'));
  expect(await store.size(earlier)).toBeUndefined();
});

describe('what a crash leaves', () => {
  it('is readable after kill -9, finished or not, and gives way when the attempt runs again', async () => {
    const { store: first, directory } = await openStore();
    await first.close();
    const script = [
      "import { createOutputFiles } from '@execgo/output-files';",
      'const store = createOutputFiles({ directory: process.argv[1] });',
      "await store.open({ storeId: 'one' });",
      'const big = new Uint8Array(1e6).fill(46);',
      "await store.append({ submittedSeq: 1, attempt: 1 }, 'stdout', big);",
      'await store.finish({ submittedSeq: 1, attempt: 1 });',
      "await store.append({ submittedSeq: 2, attempt: 1 }, 'stdout', big);",
      "process.stdout.write('written');",
      'setInterval(() => {}, 1000);',
    ].join('\n');
    const args = ['--conditions=@execgo/source', '--import=tsx', '--input-type=module', '-e', script, directory];
    const child = spawn(process.execPath, args, {
      cwd: join(import.meta.dirname, '..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const { store } = await openStore({ directory });
    const whole = { bytes: 1e6, kept: 1e6 };
    expect(await store.size({ submittedSeq: 1, attempt: 1 })).toMatchObject({ stdout: whole, finished: true });
    expect(await store.size({ submittedSeq: 2, attempt: 1 })).toMatchObject({ stdout: whole, finished: false });
    await write(store, { submittedSeq: 2, attempt: 1 }, 'again');
    expect(await store.size({ submittedSeq: 2, attempt: 1 })).toMatchObject({
      stdout: { bytes: 5, kept: 5 },
      finished: true,
    });
  });

  it.each([
    ['is cut short', '{"stdout":{"byt'],
    ['is empty', ''],
    ['holds something else', '{"stdout":7}'],
  ])('an end that %s does not make the output complete', async (_how, content) => {
    const { store, directory } = await openStore();
    await write(store, KEY);
    writeFileSync(join(directory, FOLDER, '2.end'), content);
    expect(await store.size(KEY)).toMatchObject({ stdout: { bytes: 4, kept: 4 }, finished: false });
  });

  it('a file that a power cut has shortened is told to be shorter than what was written', async () => {
    const { store, directory } = await openStore();
    await write(store, KEY);
    truncateSync(join(directory, FOLDER, '2.stdout'), 1);
    expect(await store.size(KEY)).toMatchObject({ stdout: { bytes: 4, kept: 1 }, finished: true });
    expect(await store.read(KEY, 'stdout', 0, 10)).toEqual(bytes('t'));
  });

  it('what is not ours is neither listed nor removed', async () => {
    const { store, directory } = await openStore();
    await write(store, KEY);
    writeFileSync(join(directory, 'notes.txt'), 'mine');
    mkdirSync(join(directory, 'old', '1', '7'), { recursive: true });
    mkdirSync(join(directory, '1', '234', 'x7'), { recursive: true });
    await store.close();
    const { store: reopened } = await openStore({ directory }, 'another');
    const seqs: number[] = [];
    for await (const batch of reopened.submittedSeqs()) seqs.push(...batch);
    expect(seqs).not.toContain(KEY.submittedSeq);
    expect(readdirSync(directory).sort()).toEqual(['notes.txt', 'old', 'store-id']);
  });

  it('folders that look like ours where no store ever was are left alone, and the store does not open', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    mkdirSync(join(folder.path, '2024'));
    writeFileSync(join(folder.path, '2024', 'photo'), 'dear');
    await expect(openStore({ directory: folder.path })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/2024.*store-id.*name an empty folder/),
    });
    expect(readFileSync(join(folder.path, '2024', 'photo'), 'utf8')).toBe('dear');
    expect(readdirSync(folder.path)).toEqual(['2024']);
  });

  it('many tasks are listed in batches', async () => {
    const { store, directory } = await openStore();
    for (let seq = 1; seq <= 600; seq += 1) {
      mkdirSync(join(directory, '0', String(Math.floor(seq / 1000)).padStart(3, '0'), `${seq}`), { recursive: true });
    }
    const sizes: number[] = [];
    for await (const batch of store.submittedSeqs()) sizes.push(batch.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(600);
    expect(Math.max(...sizes)).toBeLessThan(300);
  });
});

describe('what cannot be written', () => {
  it('is refused, names the folder, and holds up no other task', async () => {
    const { store, directory } = await openStore();
    mkdirSync(join(directory, '1'));
    writeFileSync(join(directory, '1', '234'), 'in the way');
    await expect(store.append(KEY, 'stdout', bytes('x'))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(directory),
    });
    await expect(store.append(KEY, 'stderr', bytes('y'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(store.finish(KEY)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.size(KEY)).toBeUndefined();
    await write(store, { submittedSeq: 5, attempt: 1 });
    expect(await store.read({ submittedSeq: 5, attempt: 1 }, 'stdout', 0, 10)).toEqual(bytes('text'));
  });

  it('a folder that cannot be made keeps the store from opening', async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    writeFileSync(join(folder.path, 'file'), '');
    await expect(openStore({ directory: join(folder.path, 'file', 'output') })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  it('nothing is made before open', () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    createOutputFiles({ directory: join(folder.path, 'output') });
    expect(existsSync(join(folder.path, 'output'))).toBe(false);
  });

  it.each([
    ['directory', { directory: '' }],
    ['maxBytesPerAttempt', { directory: 'd', maxBytesPerAttempt: -1 }],
  ])('a bad %s is refused by name', (option, options) => {
    expect(() => createOutputFiles(options)).toThrow(`option ${option}`);
  });
});
