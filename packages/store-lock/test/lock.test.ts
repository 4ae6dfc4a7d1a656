import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { bundleScript, type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DirectoryLock } from '../src/directory-lock.js';

let place: TemporaryDirectory;
let script: string;
let made = 0;

beforeAll(async () => {
  place = await temporaryDirectory();
  script = await bundleScript(new URL('./locking-child.ts', import.meta.url), place.path);
});
afterAll(() => place.remove());

async function freshDirectory(): Promise<string> {
  made += 1;
  const path = join(place.path, `data-${made}`);
  await mkdir(path);
  return path;
}

/** A real process that takes locks as it is told. */
class Contender {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;
  private readonly lines: Interface;

  constructor() {
    this.child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    this.answers = this.lines[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.child.pid as number;
  }

  async tell(order: string): Promise<string> {
    this.child.stdin?.write(`${order}\n`);
    return (await this.answers.next()).value;
  }

  async kill(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }
}

/** The files of a lock whose owner was killed. */
async function staleLock(directory: string): Promise<void> {
  const owner = new Contender();
  expect(await owner.tell(`take ${directory}`)).toBe(`won ${owner.pid}`);
  await owner.kill();
}

describe('the lock', () => {
  it('of six processes that start at once exactly one wins, and the others name it; over no lock, and over one of a killed process', async () => {
    const contenders = Array.from({ length: 6 }, () => new Contender());
    const template = await freshDirectory();
    await staleLock(template);
    const stale = await readFile(join(template, 'lock'));
    for (let round = 0; round < 60; round += 1) {
      const directory = await freshDirectory();
      if (round % 3 !== 0) await writeFile(join(directory, 'lock'), stale);
      // One that won the succession and died before it could say so.
      if (round % 3 === 2)
        await writeFile(join(directory, `lock.${JSON.parse(stale.toString()).token}`), successor(stale));
      const answers = await Promise.all(contenders.map((contender) => contender.tell(`take ${directory}`)));
      const winners = answers.flatMap((answer, at) => (answer.startsWith('won') ? [at] : []));
      expect(winners, answers.join('\n')).toHaveLength(1);
      const winner = contenders[winners[0] as number] as Contender;
      for (const answer of answers) expect(answer).toContain(String(winner.pid));
      expect((await readdir(directory)).filter((name) => !name.endsWith('.sock'))).toEqual(['lock']);
      expect(await winner.tell('release')).toBe('released');
      expect(await readdir(directory)).toEqual([]);
    }
    await Promise.all(contenders.map((contender) => contender.kill()));
  });

  it('of a killed process is taken over, and nothing of it is left', async () => {
    const directory = await freshDirectory();
    await staleLock(directory);
    const lock = await DirectoryLock.acquire(directory);
    expect((await readdir(directory)).filter((name) => name !== 'lock')).toHaveLength(1);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('of an earlier container with our pid is taken over: nobody answers for it', async () => {
    const directory = await freshDirectory();
    await staleLock(directory);
    await rewriteOwner(directory, { pid: process.pid, pid_namespace: 'pid:[1]', host: 'earlier-container' });
    await (await DirectoryLock.acquire(directory)).release();
  });

  it('of a running process in another container is respected: it answers', async () => {
    const directory = await freshDirectory();
    const owner = new Contender();
    await owner.tell(`take ${directory}`);
    await rewriteOwner(directory, { pid: 1, pid_namespace: 'pid:[1]', host: 'other-container' });
    await expect(DirectoryLock.acquire(directory)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/pid 1 on other-container since \d{4}-/),
      details: { pid: 1, host: 'other-container' },
    });
    await owner.kill();
  });

  it('of an earlier start of this machine is taken over, although the pid lives', async () => {
    const directory = await freshDirectory();
    await staleLock(directory);
    await rewriteOwner(directory, { pid: process.pid, boot_id: 'an-earlier-boot' });
    await (await DirectoryLock.acquire(directory)).release();
  });

  it.each([
    ['no content', ''],
    ['zeros', '\0'.repeat(200)],
  ])(
    'of which a power cut left the name and %s is taken over, by one alone, and nothing is left of it',
    async (_, text) => {
      const directory = await freshDirectory();
      await writeFile(join(directory, 'lock'), text);
      const lock = await DirectoryLock.acquire(directory);
      await expect(DirectoryLock.acquire(directory)).rejects.toThrow(`pid ${process.pid}`);
      await lock.release();
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it('of which a power cut left nothing but the name of a successor as well is taken over', async () => {
    const directory = await freshDirectory();
    await staleLock(directory);
    const { token } = JSON.parse(await readFile(join(directory, 'lock'), 'utf8'));
    await writeFile(join(directory, `lock.${token}`), '');
    await (await DirectoryLock.acquire(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('of which two power cuts left nothing but its name and that of its successor is taken over', async () => {
    const directory = await freshDirectory();
    await writeFile(join(directory, 'lock'), '');
    const taken = await DirectoryLock.acquire(directory);
    const before = await readdir(directory);
    await taken.release();
    expect(before.filter((name) => name !== 'lock' && !name.endsWith('.sock'))).toEqual([]);
    const successor = createHash('sha256').update('lock').digest('hex').slice(0, 16);
    await writeFile(join(directory, 'lock'), '');
    await writeFile(join(directory, `lock.${successor}`), '');
    expect(await DirectoryLock.holder(directory)).toBeUndefined();
    await (await DirectoryLock.acquire(directory)).release();
    expect(await readdir(directory)).toEqual([]);
  });

  it('without a socket: a process of the same pid that began at another time is another process', async () => {
    const directory = await freshDirectory();
    await staleLock(directory);
    await rewriteOwner(directory, { pid: process.pid, start_time: '1', listens: false });
    await (await DirectoryLock.acquire(directory)).release();
  });

  it('of another machine is respected, and the refusal says what to do', async () => {
    const directory = await freshDirectory();
    await staleLock(directory);
    await rewriteOwner(directory, { host: 'elsewhere', boot_id: 'another-boot' });
    await expect(DirectoryLock.acquire(directory)).rejects.toThrow(/elsewhere.*remove the file/);
  });

  it('is refused a second time in one process', async () => {
    const directory = await freshDirectory();
    const lock = await DirectoryLock.acquire(directory);
    await expect(DirectoryLock.acquire(directory)).rejects.toThrow(`pid ${process.pid}`);
    await lock.release();
  });

  it('works in a directory whose path is longer than that of a socket may be', async () => {
    const directory = join(await freshDirectory(), 'x'.repeat(150));
    await mkdir(directory);
    const lock = await DirectoryLock.acquire(directory);
    await expect(DirectoryLock.acquire(directory)).rejects.toMatchObject({ code: 'unavailable' });
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
    await staleLock(directory);
    await (await DirectoryLock.acquire(directory)).release();
  });
});

async function rewriteOwner(directory: string, fields: object): Promise<void> {
  const path = join(directory, 'lock');
  const owner = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...owner, ...fields }));
}

function successor(stale: Buffer): string {
  return JSON.stringify({ ...JSON.parse(stale.toString()), token: '0123456789abcdef' });
}
