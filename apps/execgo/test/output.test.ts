import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, type RunningServer, startTestServer } from './support/running-server.js';

const MIB = 1024 * 1024;

const script = (text: string, rest: object = {}) => ({ id: 'a', type: 'shell', params: { script: text }, ...rest });

async function submit(server: RunningServer, task: object): Promise<void> {
  expect(await server.post('/tasks', { tasks: [task] })).toMatchObject({ status: 202 });
}

const ended = async (server: RunningServer) => (await server.get('/tasks/a?wait=50000')).body;

async function bytesOf(server: RunningServer, range: string) {
  const response = await fetch(`${server.url}/tasks/a/output?stream=stdout`, { headers: { Range: range } });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** Files in the folder of captured output, those of tasks. */
function outputFiles(server: RunningServer): readonly string[] {
  const folder = join(server.cwd, 'data', 'output');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name !== 'store-id' && statSync(join(folder, name)).isFile());
}

describe('captured output', () => {
  it('a shell task that writes slowly is seen live, before it ends', async () => {
    const server = await startTestServer({ shellPolicy: 'open', store: 'jsonfile' });
    // It goes on when the one who reads has seen the first line.
    await submit(server, script('echo first; while [ ! -e seen ]; do sleep 0.02; done; echo second >&2'));
    const response = await fetch(`${server.url}/tasks/a/output`, { headers: { Accept: 'text/event-stream' } });
    const seen = join(server.cwd, 'workspace', 'seen');
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (!text.includes('first') || existsSync(seen)) continue;
      expect((await server.get('/tasks/a')).body).toMatchObject({ status: expect.stringMatching(/running|pending/) });
      mkdirSync(seen, { recursive: true });
    }
    const events = [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name);
    expect(events).toEqual(['attempt', 'task_output', 'task_output', 'end']);
    expect(text).toContain('"stream":"stderr","offset":0,"text":"second\\n"');
    expect(outputFiles(server)).toEqual([]);
  });

  it('20 MiB can be read by range afterwards, also after a restart; the result says that it is truncated; DELETE removes it', async () => {
    const cwd = freshFolder();
    const settings = { shellPolicy: 'open', store: 'jsonfile' } as const;
    const server = await startTestServer(settings, cwd);
    await submit(server, script(`head -c ${20 * MIB - 4} /dev/zero | tr '\\0' 'x'; printf 'last'`));
    const task = await ended(server);
    expect(task).toMatchObject({ status: 'success', result: { truncated: true } });
    const check = async (running: RunningServer) => {
      expect((await running.get('/tasks/a/output')).body).toMatchObject({
        stdout: { bytes: 20 * MIB, kept: 20 * MIB, truncated: false },
        stderr: { bytes: 0 },
      });
      const last = await bytesOf(running, 'bytes=-6');
      expect([last.status, last.bytes.toString()]).toEqual([206, 'xxlast']);
      const middle = await bytesOf(running, `bytes=${10 * MIB}-${13 * MIB - 1}`);
      expect([middle.bytes.length, middle.bytes.every((byte) => byte === 120)]).toEqual([3 * MIB, true]);
    };
    await check(server);
    await server.close();
    const again = await startTestServer(settings, cwd);
    await check(again);
    const files = outputFiles(again);
    expect(files).toHaveLength(2);
    for (const name of files) expect(statSync(join(cwd, 'data', 'output', name)).mode & 0o777).toBe(0o600);
    expect((await fetch(`${again.url}/tasks/a`, { method: 'DELETE' })).status).toBe(204);
    expect(outputFiles(again)).toEqual([]);
    expect((await again.get('/tasks/a/output')).status).toBe(404);
  });

  it('small text output is in no file, small binary output is', async () => {
    const server = await startTestServer({ shellPolicy: 'open', store: 'jsonfile' });
    await submit(server, script('echo small'));
    await ended(server);
    expect(outputFiles(server)).toEqual([]);
    await submit(server, script("printf '\\377\\000'"));
    await ended(server);
    expect(outputFiles(server)).toHaveLength(2);
    expect([...(await bytesOf(server, 'bytes=0-')).bytes]).toEqual([255, 0]);
  });

  it('tasks cannot read or change it', async () => {
    const server = await startTestServer({ shellPolicy: 'open', store: 'jsonfile', workspace: '.' });
    await submit(server, script("printf '\\377'"));
    await ended(server);
    const [name] = outputFiles(server);
    expect(name).toBeDefined();
    const read = await server.run({
      type: 'file',
      params: { action: 'read', path: join('data', 'output', `${name}`) },
    });
    expect(JSON.stringify(read)).toContain('denied');
  });
});

describe('output-max takes effect:', () => {
  it('of each attempt so much is kept', async () => {
    const server = await startTestServer({ shellPolicy: 'open', store: 'jsonfile', outputMax: '100 KiB' });
    await submit(server, script('head -c 200000 /dev/zero'));
    await ended(server);
    expect((await server.get('/tasks/a/output')).body).toMatchObject({
      stdout: { bytes: 200_000, kept: 102_400, truncated: true },
    });
  });

  it('0 keeps none, and makes no folder', async () => {
    const server = await startTestServer({ shellPolicy: 'open', store: 'jsonfile', outputMax: 0 });
    await submit(server, script('printf kept'));
    await ended(server);
    expect((await server.get('/tasks/a/output')).body).toMatchObject({ stdout: { kept: 4, text: 'kept' } });
    expect(existsSync(join(server.cwd, 'data', 'output'))).toBe(false);
  });

  it('with the memory store it is kept in memory', async () => {
    const server = await startTestServer({ shellPolicy: 'open', outputMax: '100 KiB' });
    await submit(server, script('head -c 200000 /dev/zero'));
    await ended(server);
    expect((await bytesOf(server, 'bytes=-10')).bytes).toHaveLength(10);
    expect(existsSync(join(server.cwd, 'data'))).toBe(false);
  });
});
