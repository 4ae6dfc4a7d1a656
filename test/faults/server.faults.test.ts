import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Answer, finished, get, send, type WireTask } from '../support/http-client.js';
import { launchReady, type ServerProcess, testFolder } from '../support/server-process.js';
import { PrivateMount, whyNoMount } from './support/private-mount.js';
import { IS_LONG } from './support/sizes.js';
import { skippedNote } from './support/skipped-note.js';
import { STORES } from './support/stores.js';
import { strace, whyNoStrace } from './support/trace.js';

type Running = ServerProcess & { readonly url: string };

const SYNC_CALLS = 'fsync,fdatasync';
/** The first alone among the quick ones: a server takes its time. */
const DISK_FAULTS = (
  [
    ['EIO at a flush', 'sync', 'error=EIO'],
    ['EIO at a write', 'write', 'error=EIO'],
    ['ENOSPC at a write', 'write', 'error=ENOSPC'],
  ] as const
).slice(0, IS_LONG ? 3 : 1);
const CLIENTS = 4;
const PADDING = 'x'.repeat(4000);

/** What a server did until its store failed. */
interface LastLife {
  /** Ids of tasks whose submission was answered with 202. */
  readonly accepted: readonly string[];
  /** Ids of tasks that an answer showed as succeeded. */
  readonly succeeded: readonly string[];
  /** Answers to submissions that were none of these. */
  readonly refusals: readonly Answer[];
}

/** Several clients at once, one of which looks at its tasks. */
async function submitUntilRefused(url: string): Promise<LastLife> {
  const lives = await Promise.all(
    Array.from({ length: CLIENTS }, (_, client) => submitOneByOne(url, `${client}`, client === 0)),
  );
  return {
    accepted: lives.flatMap(({ accepted }) => accepted),
    succeeded: lives.flatMap(({ succeeded }) => succeeded),
    refusals: lives.flatMap(({ refusals }) => refusals),
  };
}

/** Submits one task after the other, and may look at each, until an answer is no acknowledgement or there is none. */
async function submitOneByOne(url: string, client: string, looks: boolean): Promise<LastLife> {
  const accepted: string[] = [];
  const succeeded: string[] = [];
  for (let count = 0; ; count += 1) {
    const id = `task-${client}-${count}`;
    try {
      const body = JSON.stringify({ tasks: [{ id, type: 'noop', input: { message: PADDING } }] });
      const answer = await send(url, { path: '/tasks', body });
      if (answer.status !== 202) return { accepted, succeeded, refusals: [answer] };
      accepted.push(id);
      if (!looks) continue;
      const seen = await send<WireTask>(url, { method: 'GET', path: `/tasks/${accepted.at(-2) ?? id}` });
      if (seen.body.status === 'success') succeeded.push(seen.body.id);
    } catch {
      // It was killed, or closed its door before it took this one.
      return { accepted, succeeded, refusals: [] };
    }
  }
}

/** A submission that is under way, half of it sent, until it is let go on: the server closes its door soon after its store failed. */
function heldSubmission(url: string): () => Promise<Answer> {
  const body = JSON.stringify({ tasks: [{ id: 'held', type: 'noop' }] });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  const outgoing = request(`${url}/tasks`, { method: 'POST', headers, agent: false });
  const answer = new Promise<Answer>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', async (response) => {
      resolve({ status: response.statusCode ?? 0, body: JSON.parse(await text(response)) });
    });
  });
  answer.catch(() => undefined);
  outgoing.write(body.slice(0, 10));
  return () => {
    outgoing.end(body.slice(10));
    return answer;
  };
}

/** A server whose store fails while it is submitted to; then how it ends. */
async function failingLife(server: Running): Promise<LastLife> {
  // A read that is under way while the store fails, and is answered all the same.
  await send(server.url, { path: '/tasks', body: JSON.stringify({ tasks: [sleeper] }) });
  const read = send<WireTask>(server.url, { method: 'GET', path: `/tasks/${sleeper.id}?wait=60000` });
  read.catch(() => undefined);
  const held = heldSubmission(server.url);
  const life = await submitUntilRefused(server.url);
  for (const refusal of life.refusals) expect(refusal).toMatchObject({ status: 503 });
  expect(await held(), server.log()).toMatchObject({
    status: 503,
    body: { code: 'unavailable', error: expect.stringMatching(/store.*read-only/) },
  });
  expect((await read).body).toMatchObject({ id: sleeper.id });
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
    it.each(DISK_FAULTS)(
      '%s: 503 with a reason, reads go on, exit 1, and the next start has everything acknowledged',
      async (_, calls, inject) => {
        const folder = testFolder();
        const flags = ['--store', store.name];
        const paths = store.serverFiles(join(folder, 'data'));
        const injected = `${calls === 'write' ? store.writeCalls : SYNC_CALLS}:${inject}:when=40`;
        const through = strace({ log: '/dev/null', inject: injected, paths });
        const life = await failingLife(await launchReady({ folder, flags, through }));
        expect(life.accepted.length).toBeGreaterThan(0);
        const next = await launchReady({ folder, flags });
        await expectRecovered(next.url, life);
      },
    );

    it('kill -9 at a flush: the next start has everything acknowledged', async () => {
      const folder = testFolder();
      const flags = ['--store', store.name];
      const inject = `${SYNC_CALLS}:signal=KILL:when=40`;
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
      const mount = await PrivateMount.tmpfs(folder, '768k');
      onTestFinished(() => mount.remove());
      const flags = ['--store', store.name, '--data-dir', join(mount.inside, 'data')];
      const { through } = mount;
      const life = await failingLife(await launchReady({ folder, flags, through }));
      expect(life.accepted.length).toBeGreaterThan(3);
      await mount.grow('64m');
      const next = await launchReady({ folder, flags, through });
      await expectRecovered(next.url, life);
      await next.stop();
    });
  },
);
