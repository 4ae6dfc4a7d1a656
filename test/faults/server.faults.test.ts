import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, finished, get, send, type WireTask } from '../support/http-client.js';
import { launchReady, type ServerProcess, testFolder } from '../support/server-process.js';
import { PrivateMount, whyNoMount } from './support/private-mount.js';
import { skippedNote } from './support/skipped-note.js';
import { STORES } from './support/stores.js';
import { strace, whyNoStrace } from './support/trace.js';

type Running = ServerProcess & { readonly url: string };

const PADDING = 'x'.repeat(2000);

/** What a server did until its store failed. */
interface LastLife {
  /** Ids of tasks whose submission was answered with 202. */
  readonly accepted: readonly string[];
  /** Ids of tasks that an answer showed as succeeded. */
  readonly succeeded: readonly string[];
  /** The first answer that was none of these. */
  readonly refusal: Answer | undefined;
}

/** Submits one task after the other, and looks at each, until an answer is no acknowledgement or there is none. */
async function submitUntilRefused(url: string): Promise<LastLife> {
  const accepted: string[] = [];
  const succeeded: string[] = [];
  for (let count = 0; ; count += 1) {
    const id = `task-${count}`;
    try {
      const body = JSON.stringify({ tasks: [{ id, type: 'noop', input: { message: PADDING } }] });
      const answer = await send(url, { path: '/tasks', body });
      if (answer.status !== 202) return { accepted, succeeded, refusal: answer };
      accepted.push(id);
      const seen = await send<WireTask>(url, { method: 'GET', path: `/tasks/${id}?wait=1000` });
      if (seen.body.status === 'success') succeeded.push(id);
    } catch {
      // It was killed, or closed its door before it took this one.
      return { accepted, succeeded, refusal: undefined };
    }
  }
}

/** A server whose store fails while it is submitted to; then how it ends. */
async function failingLife(server: Running): Promise<LastLife> {
  // A read that is under way while the store fails, and is answered all the same.
  await send(server.url, { path: '/tasks', body: JSON.stringify({ tasks: [sleeper] }) });
  const read = send<WireTask>(server.url, { method: 'GET', path: `/tasks/${sleeper.id}?wait=60000` });
  read.catch(() => undefined);
  const life = await submitUntilRefused(server.url);
  if (life.refusal !== undefined) {
    expect(life.refusal.status, JSON.stringify(life.refusal.body)).toBe(503);
    expect(life.refusal.body).toMatchObject({ code: 'unavailable', error: expect.stringMatching(/store.*read-only/) });
    expect((await read).body).toMatchObject({ id: sleeper.id });
  }
  expect(await server.exited, server.log()).toEqual({ code: 1, signal: null });
  expect(server.log()).toContain('the store refuses to write');
  return life;
}

const sleeper = { id: 'sleeper', type: 'sleep', input: { duration_ms: 600_000 } };

/** The next server over the same folder has everything and goes on. */
async function expectRecovered(url: string, { accepted, succeeded }: LastLife): Promise<void> {
  const { body } = await get<readonly WireTask[]>(`${url}/tasks`);
  const tasks = new Map(body.map((task) => [task.id, task]));
  expect(accepted.filter((id) => !tasks.has(id))).toEqual([]);
  expect(succeeded.filter((id) => tasks.get(id)?.status !== 'success')).toEqual([]);
  for (const id of accepted.slice(-3)) expect(await finished(url, id)).toMatchObject({ status: 'success' });
}

describe.skipIf(whyNoStrace !== undefined).each(STORES)(
  `a server whose disk fails: $name${skippedNote(whyNoStrace)}`,
  (store) => {
    it.each([
      ['EIO at a write', `${store.writeCalls}:error=EIO:when=40`],
      ['ENOSPC at a write', `${store.writeCalls}:error=ENOSPC:when=40`],
      ['EIO at a flush', 'fsync,fdatasync:error=EIO:when=40'],
    ])(
      '%s: 503 with a reason, reads go on, exit 1, and the next start has everything acknowledged',
      async (_, inject) => {
        const folder = testFolder();
        const flags = ['--store', store.name];
        const through = strace({ log: '/dev/null', inject, paths: store.serverFiles(join(folder, 'data')) });
        const life = await failingLife(await launchReady({ folder, flags, through }));
        expect(life.accepted.length).toBeGreaterThan(0);
        const next = await launchReady({ folder, flags });
        await expectRecovered(next.url, life);
      },
    );

    it('kill -9 at a flush: the next start has everything acknowledged', async () => {
      const folder = testFolder();
      const flags = ['--store', store.name];
      const inject = 'fsync,fdatasync:signal=KILL:when=40';
      const server = await launchReady({ folder, flags, through: strace({ log: '/dev/null', inject }) });
      const life = await submitUntilRefused(server.url);
      expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
      expect(life.accepted.length).toBeGreaterThan(0);
      await expectRecovered((await launchReady({ folder, flags })).url, life);
    });
  },
);

describe.skipIf(whyNoMount !== undefined).each(STORES)(
  `a server whose disk is full: $name${skippedNote(whyNoMount)}`,
  (store) => {
    it('503 with a reason, reads go on, exit 1; with room again, the next start has everything acknowledged', async () => {
      const folder = testFolder();
      const mount = await PrivateMount.tmpfs(folder, '512k');
      onTestFinished(() => mount.remove());
      const flags = ['--store', store.name, '--data-dir', join(mount.inside, 'data')];
      const { through } = mount;
      const life = await failingLife(await launchReady({ folder, flags, through }));
      expect(life.accepted.length).toBeGreaterThan(10);
      await mount.grow('64m');
      const next = await launchReady({ folder, flags, through });
      await expectRecovered(next.url, life);
      await next.stop();
    });
  },
);
