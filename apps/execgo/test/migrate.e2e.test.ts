import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TaskEvent } from '@execgo/core';
import { copyStore } from '@execgo/store-archive';
import { createJsonFileMaintenance, createJsonFileStore } from '@execgo/store-jsonfile';
import { createSqliteMaintenance, createSqliteStore } from '@execgo/store-sqlite';
import { EventSequence, KeptStore, keptAfter, spec } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/execgo.js', import.meta.url));
const TASKS = 6000;
const folder = mkdtempSync(join(tmpdir(), 'execgo-migrate-'));
const source = join(folder, 'source');
let sha256: string;
let copies = 0;

beforeAll(async () => {
  const held = new KeptStore(keptAfter(lifeOf(TASKS)), 1000);
  ({ sha256 } = await copyStore(held, createJsonFileMaintenance({ directory: source })));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lifeOf(tasks: number): readonly TaskEvent[] {
  const make = new EventSequence();
  return Array.from({ length: tasks }, (_, at) => {
    const id = `task ${at}`;
    const submitted = make.submitted(spec({ id, input: { text: 'x'.repeat(200) } }));
    return [submitted, make.started(id), make.succeeded(id, { at })];
  }).flat();
}

function migrate(from: string, to: string): ChildProcess {
  return spawn(process.execPath, [BIN, 'migrate', '--from', from, '--to', to], {
    cwd: folder,
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function finish(child: ChildProcess): Promise<{ readonly code: number | null; readonly json: { ok: boolean } }> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, json: JSON.parse(text) };
}

/** Ends a migration by a signal as soon as something is so; false where it had come to its end before. */
async function endWhen(child: ChildProcess, isSo: () => boolean, signal: NodeJS.Signals): Promise<boolean> {
  const closed = once(child, 'close');
  await vi.waitFor(() => expect(isSo() || child.exitCode !== null).toBe(true), { interval: 2, timeout: 30_000 });
  child.kill(signal);
  await closed;
  return child.signalCode === signal || child.exitCode === 1;
}

function nextCopy(): string {
  copies += 1;
  return join(folder, `copy-${copies}`);
}

const MIB = 1024 ** 2;
const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
const has = (directory: string, pattern: RegExp) =>
  existsSync(directory) && readdirSync(directory).some((name) => pattern.test(name));

// The state in which it is to be ended passes: where it was over before the test saw it, the test is tried with a new copy.
describe('execgo migrate that is ended in the middle', { retry: 5 }, () => {
  it.each([
    ['SIGKILL', 'its directory is claimed', /^store\.json$/],
    ['SIGKILL', 'it writes the state', /^state\.json\.tmp$/],
    ['SIGKILL', 'it has the state', /^state\.json$/],
    ['SIGKILL', 'it writes the journal', /^journal/],
    ['SIGINT', 'it writes the state', /^state\.json\.tmp$/],
  ] as const)('by %s when %s: no store opens there, and the same command finishes it', async (signal, _, pattern) => {
    const directory = nextCopy();
    const wasEnded = await endWhen(
      migrate(`jsonfile:${source}`, `jsonfile:${directory}`),
      () => has(directory, pattern),
      signal,
    );
    expect(wasEnded).toBe(true);
    await expect(createJsonFileStore({ directory }).open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Run the same command again'),
    });
    const { code, json } = await finish(migrate(`jsonfile:${source}`, `jsonfile:${directory}`));
    expect({ code, json }).toMatchObject({ code: 0, json: { ok: true, data: { tasks: TASKS, sha256 } } });
    const store = createJsonFileStore({ directory });
    expect((await store.open()).lastSeq).toBe(TASKS * 3);
    await store.close();
  });

  it('by SIGKILL while it writes an archive: the same command begins it anew', async () => {
    const file = nextCopy();
    const partial = () => existsSync(`${file}.partial`);
    expect(await endWhen(migrate(`jsonfile:${source}`, `archive:${file}`), partial, 'SIGKILL')).toBe(true);
    expect(existsSync(file)).toBe(false);
    const { code, json } = await finish(migrate(`jsonfile:${source}`, `archive:${file}`));
    expect({ code, json }).toMatchObject({ code: 0, json: { ok: true, data: { tasks: TASKS, sha256 } } });
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it('by SIGKILL while it fills a database: no store opens there, and the same command goes on behind what is there', async () => {
    const file = join(nextCopy(), 'execgo.db');
    const from = `jsonfile:${source}`;
    const begun = () => sizeOf(`${file}.filling`) > MIB;
    expect(await endWhen(migrate(from, `sqlite:${file}`), begun, 'SIGKILL')).toBe(true);
    expect(existsSync(file)).toBe(false);
    const store = createSqliteStore({ file });
    await expect(store.open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Run the same command again'),
    });
    expect((await createSqliteMaintenance({ file }).inspect()).findings).toMatchObject([{ severity: 'error' }]);
    expect(existsSync(file)).toBe(false);
    for (let run = 0; run < 2; run += 1) {
      const { code, json } = await finish(migrate(from, `sqlite:${file}`));
      expect({ code, json }).toEqual({
        code: 0,
        json: { ok: true, data: expect.objectContaining({ tasks: TASKS, sha256 }) },
      });
    }
    expect((await store.open()).lastSeq).toBe(TASKS * 3);
    await store.close();
  });
});
