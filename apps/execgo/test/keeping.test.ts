import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createArchive } from '@execgo/store-archive';
import { createJsonFileMaintenance, createJsonFileStore } from '@execgo/store-jsonfile';
import { drainContents, EventSequence, KeptStore, keptAfter } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { execgo } from './support/command-line.js';
import { freshFolder, startTestServer } from './support/running-server.js';

/** A store of a few tasks in `<folder>/data`. */
async function withStore(): Promise<{ readonly cwd: string; readonly tasks: number; readonly lastSeq: number }> {
  const cwd = freshFolder();
  const make = new EventSequence();
  const store = createJsonFileStore({ directory: join(cwd, 'data') });
  await store.open();
  for (let at = 0; at < 5; at += 1) {
    const receipt = { key: `key ${at}`, digest: 'd', task_ids: [`task ${at}`] };
    await store.append([make.graph(`g${at}`, { receipt }), make.submitted(`task ${at}`), make.started(`task ${at}`)]);
    if (at > 2) await store.append([make.succeeded(`task ${at}`, { at })]);
  }
  await store.close();
  return { cwd, tasks: 5, lastSeq: make.nextSeq - 1 };
}

async function heldIn(directory: string) {
  return drainContents(await createJsonFileMaintenance({ directory }).read());
}

describe('execgo migrate', () => {
  it('copies a store to an archive and back, and tells counts and SHA-256 as one JSON object', async () => {
    const { cwd, tasks, lastSeq } = await withStore();
    const away = await execgo(cwd, ['migrate', '--from', 'jsonfile:./data', '--to', 'archive:all.execgo']);
    expect(away).toEqual({
      status: 0,
      stderr: '',
      json: {
        ok: true,
        data: {
          tasks,
          events: lastSeq,
          receipts: 5,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          from: `jsonfile:${join(cwd, 'data')}`,
          to: `archive:${join(cwd, 'all.execgo')}`,
          outputs: 'not included',
        },
      },
    });
    const back = await execgo(cwd, ['migrate', '--from=archive:all.execgo', '--to=jsonfile:copy']);
    expect(back.status).toBe(0);
    expect(back.json?.data?.sha256).toBe(away.json?.data?.sha256);
    expect(await heldIn(join(cwd, 'copy'))).toEqual(await heldIn(join(cwd, 'data')));
  });

  it('a copy goes on as the store that it was: the server runs its tasks', async () => {
    const { cwd, tasks } = await withStore();
    await execgo(cwd, ['migrate', '--from', 'jsonfile:data', '--to', 'jsonfile:copy']);
    const server = await startTestServer({ store: 'jsonfile', dataDir: 'copy' }, cwd);
    const { body } = await server.get('/tasks/task%204');
    expect(body).toMatchObject({ status: 'success', result: { at: 4 } });
    expect((await server.get('/tasks')).body).toHaveLength(tasks);
    expect(await server.run({ type: 'noop' })).toMatchObject({ status: 'success' });
  });

  it('warns where the source is in use, and copies what there is at the moment', async () => {
    const cwd = freshFolder();
    const server = await startTestServer({ store: 'jsonfile' }, cwd);
    await server.run({ type: 'noop' });
    const { status, json, stderr } = await execgo(cwd, ['migrate', '--from', 'jsonfile:data', '--to', 'jsonfile:copy']);
    expect({ status, tasks: json?.data?.tasks }).toEqual({ status: 0, tasks: 1 });
    expect(stderr).toContain(`in use by pid ${process.pid}`);
    expect(stderr).toContain('what is written from now on is not in the copy');
  });

  it('to a place that is not empty fails with status 1 and changes nothing', async () => {
    const { cwd } = await withStore();
    await execgo(cwd, ['migrate', '--from', 'jsonfile:data', '--to', 'jsonfile:copy']);
    const store = createJsonFileStore({ directory: join(cwd, 'copy') });
    const { lastSeq } = await store.open();
    await store.append([new EventSequence({ firstSeq: lastSeq + 1 }).graph()]);
    await store.close();
    const before = await heldIn(join(cwd, 'copy'));
    const { status, json } = await execgo(cwd, ['migrate', '--from', 'jsonfile:data', '--to', 'jsonfile:copy']);
    expect({ status, json }).toEqual({
      status: 1,
      json: { ok: false, error: { message: expect.stringContaining('is not empty') } },
    });
    expect(await heldIn(join(cwd, 'copy'))).toEqual(before);
  });

  it.each([
    ['jsonfile:missing', 'archive:x', 'there is no store in'],
    ['archive:missing', 'jsonfile:x', 'there is no archive'],
  ])('from %s to %s fails with status 1: %s', async (from, to, message) => {
    const cwd = freshFolder();
    const { status, json } = await execgo(cwd, ['migrate', '--from', from, '--to', to]);
    expect({ status, json }).toEqual({
      status: 1,
      json: { ok: false, error: { message: expect.stringContaining(message) } },
    });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('of a damaged archive fails with status 1, names the place, and makes no store', async () => {
    const { cwd } = await withStore();
    await execgo(cwd, ['migrate', '--from', 'jsonfile:data', '--to', 'archive:a']);
    const bytes = readFileSync(join(cwd, 'a'));
    bytes[bytes.length >> 1] = 7;
    writeFileSync(join(cwd, 'a'), bytes);
    const { status, json } = await execgo(cwd, ['migrate', '--from', 'archive:a', '--to', 'jsonfile:copy']);
    expect(status).toBe(1);
    expect(json?.error?.message).toMatch(/archive is damaged: .* at byte \d+/);
    expect(readdirSync(cwd).sort()).toEqual(['a', 'data']);
  });

  it.each([
    [['--from', 'jsonfile:data'], "required option '--to <place>' not specified"],
    [['--from', 'data', '--to', 'archive:x'], '--from: expected jsonfile:<directory>'],
    [['--from', 'jsonfile:', '--to', 'archive:x'], '--from: expected jsonfile:<directory>'],
    [['--from', 'jsonfile:data', '--to', ':x'], '--to: expected jsonfile:<directory>'],
    [['--from', 'jsonfile:data', '--to', 'jsonfile:./data/'], '--from and --to are the same store'],
    [['--from', 'memory:x', '--to', 'archive:x'], '--from memory: that store is in the memory of its server alone'],
    [['--from', 'jsonfile:data', '--to', '@acme/nowhere:x'], 'the package @acme/nowhere is not installed'],
    [['--from', 'jsonfile:data', '--to', './own.js:x'], 'expected the name of a package'],
  ])('%j is refused with exit status 2 and nothing on stdout: %s', async (argv, message) => {
    const { status, json, stderr } = await execgo(freshFolder(), ['migrate', ...argv]);
    expect({ status, json }).toEqual({ status: 2, json: undefined });
    expect(stderr).toContain(message);
  });

  it('refuses a target that is its source by another name', async () => {
    const { cwd } = await withStore();
    symlinkSync(join(cwd, 'data'), join(cwd, 'elsewhere'));
    const { status, stderr } = await execgo(cwd, ['migrate', '--from', 'jsonfile:data', '--to', 'jsonfile:elsewhere']);
    expect(status).toBe(2);
    expect(stderr).toContain('--from and --to are the same store');
  });
});

describe('a store package', () => {
  function install(cwd: string, source: string): void {
    const folder = join(cwd, 'node_modules', 'own-store');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'own-store', type: 'module', exports: './i.js' }),
    );
    writeFileSync(join(folder, 'i.js'), source);
  }

  it('that exports createMaintenance is migrated from, backed up and looked at by its name', async () => {
    const cwd = freshFolder();
    const held = keptAfter([new EventSequence().graph('g')]);
    (globalThis as Record<string, unknown>).ownStore = new KeptStore(held);
    install(
      cwd,
      'export const createMaintenance = async ({ path, onWarning }) => { onWarning(path); return globalThis.ownStore; };',
    );
    const migrated = await execgo(cwd, ['migrate', '--from', 'own-store:some/where', '--to', 'jsonfile:copy']);
    expect(migrated.json?.data).toMatchObject({ tasks: 0, events: 1, from: `own-store:${join(cwd, 'some/where')}` });
    expect(migrated.stderr).toContain(`warning: ${join(cwd, 'some/where')}`);
    expect(await heldIn(join(cwd, 'copy'))).toEqual(held);
    expect((await execgo(cwd, ['backup', 'b', '--store', 'own-store'])).json?.data).toMatchObject({ events: 1 });
    expect((await execgo(cwd, ['doctor', '--store', 'own-store'])).json?.data).toMatchObject({ facts: { tasks: 0 } });
  });

  it.each([
    ['export const createStore = () => ({});', 'does not export a function createMaintenance'],
    ['export const createMaintenance = () => ({ read() {} });', 'gave something without fill, inspect'],
  ])('with %s is refused: %s', async (source, message) => {
    const cwd = freshFolder();
    install(cwd, source);
    const { status, stderr } = await execgo(cwd, ['backup', 'b', '--store', 'own-store']);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('execgo backup', () => {
  it('writes an archive of the store that flag, variable or config file names', async () => {
    const { cwd, tasks, lastSeq } = await withStore();
    const { status, json } = await execgo(cwd, ['backup', 'a.execgo', '--data-dir', 'data']);
    const file = join(cwd, 'a.execgo');
    expect({ status, json }).toEqual({
      status: 0,
      json: {
        ok: true,
        data: {
          tasks,
          events: lastSeq,
          receipts: 5,
          sha256: expect.any(String),
          from: `jsonfile:${join(cwd, 'data')}`,
          file,
          bytes: statSync(file).size,
          outputs: 'not included',
        },
      },
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await drainContents(await createArchive({ file }).read())).toEqual(await heldIn(join(cwd, 'data')));

    const below = freshFolder();
    const byVariable = await execgo(below, ['backup', 'b'], { EXECGO_DATA_DIR: join(cwd, 'data') });
    writeFileSync(join(below, 'execgo.config.json'), JSON.stringify({ dataDir: join(cwd, 'data'), maxConcurrency: 3 }));
    const byFile = await execgo(below, ['backup', 'c']);
    for (const other of [byVariable, byFile]) expect(other.json?.data?.sha256).toBe(json?.data?.sha256);
  });

  it('does not replace a file that exists, not even with the same', async () => {
    const { cwd } = await withStore();
    await execgo(cwd, ['backup', 'a']);
    const before = readFileSync(join(cwd, 'a'));
    const { status, json } = await execgo(cwd, ['backup', 'a']);
    expect(status).toBe(1);
    expect(json).toEqual({ ok: false, error: { message: expect.stringContaining('is there already') } });
    expect(readFileSync(join(cwd, 'a'))).toEqual(before);
  });

  it('of the memory store says that there is nothing on disk', async () => {
    const { status, json, stderr } = await execgo(freshFolder(), ['backup', 'a', '--store', 'memory']);
    expect({ status, json }).toEqual({ status: 2, json: undefined });
    expect(stderr).toContain('nothing of it is on disk');
  });

  it.each([
    [[], "missing required argument 'file'"],
    [['a', 'b'], 'too many arguments'],
  ])('%j is refused with exit status 2', async (argv, message) => {
    const { status, stderr } = await execgo(freshFolder(), ['backup', ...argv]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });

  it('20 times while the server takes graphs: each opens, holds whole graphs, and all that was accepted before it', async () => {
    const cwd = freshFolder();
    const server = await startTestServer({ store: 'jsonfile', maxConcurrency: 50 }, cwd);
    const accepted: string[] = [];
    let isOver = false;
    const submit = async (worker: number) => {
      for (let at = 0; !isOver; at += 1) {
        const id = `w${worker}.${at}`;
        const tasks = ['a', 'b', 'c'].map((name) => ({ id: `${id}.${name}`, type: 'noop' }));
        expect((await server.post('/tasks', { tasks })).status).toBe(202);
        accepted.push(id);
      }
    };
    const workers = [submit(1), submit(2), submit(3)];
    try {
      for (let round = 0; round < 20 || accepted.length <= 20; round += 1) {
        const before = [...accepted];
        const file = join(cwd, `${round}.execgo`);
        expect((await execgo(cwd, ['backup', file])).status).toBe(0);
        const held = await drainContents(await createArchive({ file }).read());
        const ids = new Set(held.tasks.map(({ id }) => id));
        for (const id of before) expect(ids.has(`${id}.a`), id).toBe(true);
        for (const id of ids) expect(['a', 'b', 'c'].every((name) => ids.has(id.replace(/.$/, name)))).toBe(true);
        expect(held.events.map(({ seq }) => seq)).toEqual(held.events.map((_, at) => at + 1));
      }
    } finally {
      isOver = true;
      await Promise.all(workers);
    }
    expect(accepted.length).toBeGreaterThan(20);
  });
});

describe('execgo doctor', () => {
  it('of a store that is well exits with 0: facts as JSON on stdout, text on stderr', async () => {
    const { cwd, tasks, lastSeq } = await withStore();
    const { status, json, stderr } = await execgo(cwd, ['doctor']);
    expect(status).toBe(0);
    expect(json).toMatchObject({
      ok: true,
      data: {
        store: `jsonfile:${join(cwd, 'data')}`,
        facts: { tasks, last_seq: lastSeq, free_bytes: expect.any(Number) },
        findings: [],
      },
    });
    expect(stderr).toContain('all is well');
    expect(stderr).toContain(`tasks: ${tasks}`);
  });

  it('of damage exits with 1, and says which file, where, and what can be done', async () => {
    const { cwd } = await withStore();
    const journal = join(cwd, 'data', readdirSync(join(cwd, 'data')).find((name) => name.startsWith('journal')) ?? '');
    const bytes = readFileSync(journal);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    writeFileSync(journal, bytes);
    const { status, json, stderr } = await execgo(cwd, ['doctor']);
    expect(status).toBe(1);
    expect(json).toMatchObject({
      ok: false,
      error: {
        message: '1 error found',
        body: { findings: [{ check: 'store', severity: 'error', file: journal, offset: 0 }] },
      },
    });
    expect(stderr).toContain(`where: ${journal} at byte 0`);
    expect(stderr).toContain('what to do: Restore the directory from a backup');
  });

  it('tells who uses the store, that others can read it, and of settings that are nearly ours', async () => {
    const cwd = freshFolder();
    mkdirSync(join(cwd, 'data'), { mode: 0o755 });
    await startTestServer({ store: 'jsonfile' }, cwd);
    const { status, json } = await execgo(cwd, ['doctor'], { EXECGO_DATADIR: 'x' });
    expect(status).toBe(0);
    expect(json?.data?.findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          check: 'settings',
          severity: 'warning',
          message: expect.stringContaining('EXECGO_DATADIR'),
        }),
        expect.objectContaining({
          check: 'data directory',
          severity: 'warning',
          remedy: expect.stringContaining('chmod 700'),
        }),
        expect.objectContaining({
          check: 'store',
          severity: 'note',
          message: expect.stringContaining(`pid ${process.pid}`),
        }),
      ]),
    );
  });

  it('before the first start says that there is no store yet, and makes nothing', async () => {
    const cwd = freshFolder();
    const { status, json } = await execgo(cwd, ['doctor']);
    expect(status).toBe(0);
    expect(json?.data?.findings).toEqual([expect.objectContaining({ severity: 'note', check: 'store' })]);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('says that the data directory is a file, and that the memory store forgets', async () => {
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'data'), '');
    const { status, json } = await execgo(cwd, ['doctor']);
    expect(status).toBe(1);
    expect(JSON.stringify(json?.error?.body)).toContain('is not a directory');
    const memory = await execgo(cwd, ['doctor', '--store', 'memory']);
    expect(memory).toMatchObject({ status: 0, json: { data: { findings: [{ severity: 'note' }] } } });
  });

  it('of a store package that is missing says what to install, as a finding', async () => {
    const { status, json } = await execgo(freshFolder(), ['doctor', '--store', '@acme/nowhere']);
    expect(status).toBe(1);
    expect(JSON.stringify(json?.error?.body)).toContain('npm install @acme/nowhere');
  });
});
