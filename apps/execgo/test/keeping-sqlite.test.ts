import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreMaintenance, TaskEvent } from '@execgo/core';
import { copyStore, createArchive } from '@execgo/store-archive';
import { createJsonFileMaintenance } from '@execgo/store-jsonfile';
import { createSqliteMaintenance, createSqliteStore } from '@execgo/store-sqlite';
import { drainContents, EventSequence, KeptStore, keptAfter, legalEvents, ODD_IDS, spec } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { execgo } from './support/command-line.js';
import { freshFolder, type RunningServer, startTestServer } from './support/running-server.js';

const heldIn = async (maintenance: StoreMaintenance) => drainContents(await maintenance.read());
const jsonfile = (directory: string) => createJsonFileMaintenance({ directory });
const sqlite = (file: string) => createSqliteMaintenance({ file });

/** What happens to tasks of every kind of id and end, with receipts. */
function life(): readonly TaskEvent[] {
  const make = new EventSequence();
  return ODD_IDS.flatMap((id, at) => {
    const receipt = { key: `${id} again`, digest: `${at}`, task_ids: [id] };
    const input = { text: 'ä\u2028'.repeat(at), none: null };
    const events = [make.graph(`g${at}`, { receipt }), make.submitted(spec({ id, input, annotations: { id } }))];
    if (at % 6 > 0) events.push(make.started(id));
    if (at % 6 === 1) events.push(make.retried(id), make.started(id, 2), make.succeeded(id, { [id]: [at, 1.5, ''] }));
    if (at % 6 === 2) events.push(make.failed(id, undefined, { stdout: 'part' }));
    if (at % 6 === 3) events.push(make.accepted(id, `handle ${at}`));
    if (at % 6 === 4) events.push(make.cancelled(id), make.deleted(id));
    return events;
  });
}

/** A jsonfile store in `<cwd>/data`. */
async function withStore(events = life()) {
  const cwd = freshFolder();
  const data = join(cwd, 'data');
  await copyStore(new KeptStore(keptAfter(events)), jsonfile(data));
  return { cwd, data, database: join(data, 'execgo.db'), held: await heldIn(jsonfile(data)) };
}

async function migrate(cwd: string, from: string, to: string) {
  const { status, json } = await execgo(cwd, ['migrate', '--from', from, '--to', to]);
  return { status, sha256: json?.data?.sha256, message: json?.error?.message };
}

describe('execgo migrate, between jsonfile and sqlite', () => {
  it('there and back, and by an archive: tasks, events, receipts, name and seqs are equal, and so is the SHA-256', async () => {
    const { cwd, data, database, held } = await withStore();
    const there = await migrate(cwd, 'jsonfile:./data', 'sqlite:./data/execgo.db');
    expect(there).toMatchObject({ status: 0, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const steps = [
      ['sqlite:data/execgo.db', 'jsonfile:back'],
      ['sqlite:data/execgo.db', 'archive:all.execgo'],
      ['archive:all.execgo', 'sqlite:two/two.db'],
      ['sqlite:two/two.db', 'sqlite:three.db'],
    ] as const;
    for (const [from, to] of steps) expect(await migrate(cwd, from, to)).toEqual(there);
    expect(held.tasks.length).toBeGreaterThan(25);
    expect(held.receipts).toHaveLength(ODD_IDS.length);
    expect(await heldIn(jsonfile(data))).toEqual(held);
    for (const file of [database, join(cwd, 'two', 'two.db'), join(cwd, 'three.db')]) {
      expect(await heldIn(sqlite(file))).toEqual(held);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(await heldIn(jsonfile(join(cwd, 'back')))).toEqual(held);
    expect(await heldIn(createArchive({ file: join(cwd, 'all.execgo') }))).toEqual(held);
  });

  it('of any life of a store, there and back', async () => {
    await fc.assert(
      fc.asyncProperty(legalEvents(), async (events) => {
        const { cwd, database, held } = await withStore(events);
        expect(await migrate(cwd, 'jsonfile:data', 'sqlite:data/execgo.db')).toMatchObject({ status: 0 });
        expect(await heldIn(sqlite(database))).toEqual(held);
        expect(await migrate(cwd, 'sqlite:data/execgo.db', 'jsonfile:back')).toMatchObject({ status: 0 });
        expect(await heldIn(jsonfile(join(cwd, 'back')))).toEqual(held);
      }),
      { numRuns: 6 },
    );
  });

  it('the server goes on over the same data directory: what was there, its output, and the next seq', async () => {
    const cwd = freshFolder();
    const first = await startTestServer({ store: 'jsonfile', shellPolicy: 'open' }, cwd);
    const before = await first.run({ type: 'shell', input: { script: 'seq 20000' } });
    const output = await (await fetch(`${first.url}/tasks/only/output?stream=stdout`)).text();
    expect(output).toMatch(/\n20000\n$/);
    await first.close();
    const held = await heldIn(jsonfile(join(cwd, 'data')));
    expect(await migrate(cwd, 'jsonfile:./data', 'sqlite:./data/execgo.db')).toMatchObject({ status: 0 });
    const server = await startTestServer({ store: 'sqlite' }, cwd);
    expect((await server.get('/tasks/only')).body).toEqual(before);
    expect(await (await fetch(`${server.url}/tasks/only/output?stream=stdout`)).text()).toBe(output);
    const { body } = await server.post('/tasks', { tasks: [{ id: 'next', type: 'noop' }] });
    expect(body).toMatchObject({ accepted: 1 });
    await server.get('/tasks/next?wait=50000');
    const events = (await server.get(`/events?after=${held.lastSeq}`)).body as unknown as { readonly seq: number }[];
    expect(events[0]?.seq).toBe(held.lastSeq + 1);
    await server.close();
    expect((await heldIn(sqlite(join(cwd, 'data', 'execgo.db')))).storeId).toBe(held.storeId);
  });

  it('the same command once more finds it done; another state of the source is refused', async () => {
    const { cwd, database } = await withStore();
    const first = await migrate(cwd, 'jsonfile:data', 'sqlite:data/execgo.db');
    expect(await migrate(cwd, 'jsonfile:data', 'sqlite:data/execgo.db')).toEqual(first);
    const store = createSqliteStore({ file: database });
    const { lastSeq } = await store.open();
    await store.append([new EventSequence({ firstSeq: lastSeq + 1 }).graph()]);
    await store.close();
    const before = await heldIn(sqlite(database));
    expect(await migrate(cwd, 'jsonfile:data', 'sqlite:data/execgo.db')).toMatchObject({
      status: 1,
      message: expect.stringContaining('there is a store in'),
    });
    expect(await migrate(cwd, 'sqlite:data/execgo.db', 'jsonfile:data')).toMatchObject({
      status: 1,
      message: expect.stringContaining('is not empty'),
    });
    expect(await heldIn(sqlite(database))).toEqual(before);
  });

  it('into the folder of a running server fails and names it; from its store warns, and copies what there is', async () => {
    const cwd = freshFolder();
    const server = await startTestServer({ store: 'sqlite' }, cwd);
    await server.run({ type: 'noop' });
    expect(await migrate(cwd, 'sqlite:data/execgo.db', 'jsonfile:data')).toMatchObject({
      status: 1,
      message: expect.stringContaining(`pid ${process.pid}`),
    });
    const { status, json, stderr } = await execgo(cwd, [
      'migrate',
      '--from=sqlite:data/execgo.db',
      '--to=jsonfile:copy',
    ]);
    expect({ status, tasks: json?.data?.tasks }).toEqual({ status: 0, tasks: 1 });
    expect(stderr).toContain(`in use by pid ${process.pid}`);
  });

  it.each([
    ['sqlite:missing.db', 'jsonfile:x', 'there is no store in'],
    ['sqlite:nonsense.db', 'jsonfile:x', 'not a SQLite database'],
    ['jsonfile:missing', 'sqlite:x.db', 'there is no store in'],
  ])('from %s to %s fails with status 1: %s, and makes nothing', async (from, to, message) => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'nonsense.db'), 'nonsense '.repeat(1000));
    expect(await migrate(cwd, from, to)).toMatchObject({ status: 1, message: expect.stringContaining(message) });
    expect(readdirSync(cwd)).toEqual(['nonsense.db']);
  });
});

/** Submits graphs of three tasks, one after the other, until `end`. */
function keepSubmitting(server: RunningServer, worker: number, accepted: string[]) {
  let isOver = false;
  const submit = async () => {
    for (let at = 0; !isOver; at += 1) {
      const id = `w${worker}.${at}`;
      const tasks = ['a', 'b', 'c'].map((name) => ({ id: `${id}.${name}`, type: 'noop' }));
      expect((await server.post('/tasks', { tasks })).status).toBe(202);
      accepted.push(id);
    }
  };
  const submitting = submit();
  return async () => {
    isOver = true;
    await submitting;
  };
}

describe('beside a server with --store sqlite that takes graphs', () => {
  it('each backup opens, holds whole graphs and all that was accepted before it; doctor finds nothing wrong', async () => {
    const cwd = freshFolder();
    const server = await startTestServer({ store: 'sqlite', maxConcurrency: 50 }, cwd);
    const accepted: string[] = [];
    const ends = [1, 2].map((worker) => keepSubmitting(server, worker, accepted));
    let before: readonly string[] = [];
    let file = '';
    try {
      for (let round = 0; round < 5 || before.length <= 5; round += 1) {
        before = [...accepted];
        file = join(cwd, `${round}.execgo`);
        expect(await execgo(cwd, ['backup', file, '--store', 'sqlite'])).toMatchObject({
          status: 0,
          stderr: expect.stringContaining(`in use by pid ${process.pid}`),
        });
        const held = await heldIn(createArchive({ file }));
        const ids = new Set(held.tasks.map(({ id }) => id));
        for (const id of before) expect(ids.has(`${id}.a`), id).toBe(true);
        for (const id of ids) expect(['a', 'b', 'c'].every((name) => ids.has(id.replace(/.$/, name)))).toBe(true);
        expect(held.events.map(({ seq }) => seq)).toEqual(held.events.map((_, at) => at + 1));
        const { status, json } = await execgo(cwd, ['doctor', '--store', 'sqlite']);
        expect({ status, findings: json?.data?.findings }).toEqual({
          status: 0,
          findings: [expect.objectContaining({ severity: 'note', message: `in use by ${user(json)}` })],
        });
      }
    } finally {
      for (const end of ends) await end();
    }
    await server.close();
    expect(await migrate(cwd, `archive:${file}`, 'sqlite:restored/execgo.db')).toMatchObject({ status: 0 });
    const restored = await startTestServer({ store: 'sqlite', dataDir: 'restored' }, cwd);
    expect((await restored.get(`/tasks/${before[0]}.a?wait=50000`)).body).toMatchObject({ status: 'success' });
  });

  /** Whom the last finding names. */
  function user(json: Awaited<ReturnType<typeof execgo>>['json']): string {
    const findings = json?.data?.findings as readonly { readonly message: string }[];
    return String(/pid .*/.exec(findings.at(-1)?.message ?? '')?.[0]);
  }
});

describe('execgo doctor, of a database', () => {
  it('that is well exits with 0 and tells its facts, wherever --sqlite-path says that it is', async () => {
    const { cwd, held } = await withStore();
    await migrate(cwd, 'jsonfile:data', 'sqlite:elsewhere/own.db');
    const { status, json, stderr } = await execgo(cwd, ['doctor', '--store=sqlite', '--sqlite-path=elsewhere/own.db']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('all is well') });
    expect(json?.data).toMatchObject({
      store: `sqlite:${join(cwd, 'elsewhere', 'own.db')}`,
      facts: { tasks: held.tasks.length, receipts: held.receipts.length, last_seq: held.lastSeq },
      findings: [],
    });
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
    ['with a page of something else', (bytes: Buffer) => Buffer.from(bytes).fill(0xa5, 4096 * 8, 4096 * 9)],
    ['without its beginning', (bytes: Buffer) => Buffer.from(bytes).fill(0, 0, 100)],
  ])('%s exits with 1, and says which file and what can be done', async (_, spoil) => {
    const { cwd, database } = await withStore();
    await migrate(cwd, 'jsonfile:data', 'sqlite:data/execgo.db');
    writeFileSync(database, spoil(readFileSync(database)));
    const spoiled = readFileSync(database);
    const { status, json, stderr } = await execgo(cwd, ['doctor', '--store', 'sqlite']);
    expect(status).toBe(1);
    expect(json).toMatchObject({
      ok: false,
      error: {
        body: { findings: expect.arrayContaining([expect.objectContaining({ check: 'store', file: database })]) },
      },
    });
    expect(stderr).toContain('what to do: Restore the file from a backup');
    expect(readFileSync(database)).toEqual(spoiled);
  });

  it('before the first start says that there is no store yet, and makes nothing', async () => {
    const cwd = freshFolder();
    mkdirSync(join(cwd, 'data'), { mode: 0o700 });
    const { status, json } = await execgo(cwd, ['doctor', '--store', 'sqlite']);
    expect(status).toBe(0);
    expect(json?.data?.findings).toEqual([expect.objectContaining({ severity: 'note', check: 'store' })]);
    expect(readdirSync(join(cwd, 'data'))).toEqual([]);
  });
});
