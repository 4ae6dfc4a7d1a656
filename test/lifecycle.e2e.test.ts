import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { finished, get, post } from './support/http-client.js';
import { launch, launchReady, type ServerProcess, testFolder } from './support/server-process.js';

const OK = { code: 0, signal: null };
const FAILED = { code: 1, signal: null };
const USAGE = { code: 2, signal: null };
const long = (id: string) => ({ id, type: 'sleep', input: { duration_ms: 600_000 } });

async function logged(server: ServerProcess, text: string): Promise<void> {
  await expect.poll(() => server.log()).toContain(text);
}

describe('the exit status', () => {
  it.each([
    [['--adr', ':1'], "unknown option '--adr'"],
    [['--max-tasks', 'many'], '--max-tasks: expected a whole number from 1, got "many"'],
    [['--addr', ':0'], ':0 can be reached from other machines, and no token is set'],
    [['--addr', ':0', '--profile', 'legacy', '--allow-unauthenticated'], 'the legacy profile is for loopback alone'],
    [['--config', 'nowhere.json'], 'nowhere.json cannot be read: there is no such file'],
    [['--store', '@acme/store'], 'the package @acme/store is not installed; run: npm install @acme/store'],
    [['--executor', '@acme/tools'], 'the package @acme/tools is not installed; run: npm install @acme/tools'],
    [['--token-file', 'token'], 'token has mode 0644, so that others may read it: chmod 600 '],
  ])('is 2 for %j, with a message and nothing else', async (flags, message) => {
    const folder = testFolder();
    writeFileSync(join(folder, 'token'), 'secret');
    chmodSync(join(folder, 'token'), 0o644);
    const server = launch({ folder, flags });
    expect(await server.exited).toEqual(USAGE);
    expect(server.log()).toContain(message);
    expect(server.log()).not.toMatch(/secret|\n\s+at /);
    expect(server.stdout()).toBe('');
  });

  it('is 1 when the port is in use', async () => {
    const first = await launchReady({ folder: testFolder() });
    const { host } = new URL(first.url);
    const second = launch({ folder: testFolder(), flags: ['-addr', host] });
    expect(await second.exited).toEqual(FAILED);
    expect(second.log()).toBe(
      `error: the address ${host} is in use by another program: stop it, or choose another address with --addr\n`,
    );
  });

  it('is 1 when another server has the store, which goes on undisturbed', async () => {
    const folder = testFolder();
    const first = await launchReady({ folder });
    const second = launch({ folder });
    expect(await second.exited).toEqual(FAILED);
    expect(second.log()).toContain(String(first.pid));
    await post(`${first.url}/tasks`, { tasks: [{ id: 'a', type: 'noop' }] });
    expect(await finished(first.url, 'a')).toMatchObject({ status: 'success' });
  });

  it('is 1 when the store is damaged, naming the file; nothing is overwritten', async () => {
    const folder = testFolder();
    mkdirSync(join(folder, 'data'));
    const state = join(folder, 'data', 'state.json');
    writeFileSync(state, '{"a": {"id": "a", "ty');
    const server = launch({ folder });
    expect(await server.exited).toEqual(FAILED);
    expect(server.log()).toContain(state);
    expect(readFileSync(state, 'utf8')).toBe('{"a": {"id": "a", "ty');
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s that comes twice at once is one, and the stop is clean',
    async (signal) => {
      const server = await launchReady({ folder: testFolder(), flags: ['--shutdown-timeout', '0.5'] });
      await post(`${server.url}/tasks`, { tasks: [long('a')] });
      await expect.poll(async () => (await get(`${server.url}/tasks/a`)).body.status).toBe('running');
      server.kill(signal);
      server.kill(signal);
      expect(await server.exited, server.log()).toEqual(OK);
      expect(server.lines().at(-1)).toMatchObject({ msg: 'stopped' });
    },
  );

  it('that comes a second later ends it at once; what ran goes on at the next start', async () => {
    const folder = testFolder();
    const server = await launchReady({ folder, flags: ['--shutdown-timeout', '600'] });
    await post(`${server.url}/tasks`, { tasks: [long('a')] });
    await expect.poll(async () => (await get(`${server.url}/tasks/a`)).body.status).toBe('running');
    server.kill('SIGTERM');
    await logged(server, 'stopping');
    await sleep(1100);
    server.kill('SIGTERM');
    expect(await server.exited).toEqual(FAILED);
    expect(server.log()).toContain('stopped by force');

    const next = await launchReady({ folder });
    await expect.poll(async () => (await get(`${next.url}/tasks/a`)).body.status).toBe('running');
  });

  it('during the start ends it cleanly', async () => {
    const server = launch({ folder: testFolder() });
    await server.ready;
    server.kill('SIGTERM');
    expect(await server.exited).toEqual(OK);
  });
});

it('once a stop has begun nothing new starts, and what runs may end', async () => {
  const folder = testFolder();
  const server = await launchReady({
    folder,
    flags: ['--max-concurrency', '1', '--shutdown-timeout', '30'],
    env: { EXECGO_SHELL_POLICY: 'open', EXECGO_SANDBOX: 'off' },
  });
  const tasks = [
    { id: 'running', type: 'shell', params: { script: 'until [ -e go ]; do sleep 0.05; done' } },
    { id: 'waiting', type: 'noop' },
  ];
  await post(`${server.url}/tasks`, { tasks });
  await expect.poll(async () => (await get(`${server.url}/tasks/running`)).body.status).toBe('running');
  server.kill('SIGTERM');
  await logged(server, 'stopping');
  writeFileSync(join(folder, 'workspace', 'go'), '');
  expect(await server.exited).toEqual(OK);

  const next = await launchReady({ folder, flags: ['--no-resume'] });
  expect((await get(`${next.url}/tasks/running`)).body).toMatchObject({ status: 'success' });
  expect((await get(`${next.url}/tasks/waiting`)).body).toMatchObject({ status: 'pending' });
});

it('a store that refuses to write: nobody is told that it was kept, and the server stops with 1 and says why', async () => {
  const folder = testFolder();
  const core = pathToFileURL(resolve(import.meta.dirname, '../packages/core/dist/index.js')).href;
  install(folder, 'failing-store', [
    `import { MemoryStore } from '${core}';`,
    'export class FullStore extends MemoryStore {',
    '  append(events) {',
    "    const full = events.some((event) => event.task_id === 'one-too-many');",
    "    return full ? Promise.reject(new Error('no space left on device')) : super.append(events);",
    '  }',
    '}',
    'export const createStore = () => new FullStore();',
  ]);
  const server = await launchReady({ folder, flags: ['--store', 'failing-store'] });
  expect(await post(`${server.url}/tasks`, { tasks: [long('a')] })).toMatchObject({ status: 202 });
  expect(await post(`${server.url}/tasks`, { tasks: [{ id: 'one-too-many', type: 'noop' }] })).toMatchObject({
    status: 503,
    body: { code: 'unavailable' },
  });
  expect(await server.exited).toEqual(FAILED);
  expect(server.log()).toContain('the store refuses to write');
  expect(server.log()).toContain('no space left on device');
});

it('a defect that nothing caught ends the server with 1 and is logged; the next start goes on', async () => {
  const folder = testFolder();
  install(folder, 'defective', [
    'export const createExecutor = () => ({',
    "  category: 'defective',",
    '  tools: async () => [],',
    "  execute: () => new Promise(() => setTimeout(() => { throw new Error('a bug in a timer'); }, 20)),",
    '});',
  ]);
  const server = await launchReady({ folder, flags: ['--executor', 'defective'] });
  const tasks = [
    { id: 'a', type: 'noop' },
    { id: 'b', type: 'defective', on_interrupt: 'fail' },
  ];
  expect(await post(`${server.url}/tasks`, { tasks })).toMatchObject({ status: 202 });
  expect(await server.exited).toEqual(FAILED);
  expect(server.lines()).toContainEqual(
    expect.objectContaining({ level: 60, err: expect.objectContaining({ message: 'a bug in a timer' }) }),
  );

  const next = await launchReady({ folder, flags: ['--executor', 'defective'] });
  expect(await finished(next.url, 'a')).toMatchObject({ status: 'success' });
  expect(await finished(next.url, 'b')).toMatchObject({ status: 'failed', runtime: { error: { code: 'unknown' } } });
});

it('settings come from flags with one dash, variables and execgo.config.json in the current folder', async () => {
  const folder = testFolder();
  writeFileSync(
    join(folder, 'execgo.config.json'),
    JSON.stringify({ maxTasks: 2, workspace: 'work', maxConcurrency: 3 }),
  );
  const server = await launchReady({
    folder,
    flags: ['-max-concurrency=5'],
    env: { EXECGO_SHELL_POLICY: 'open', EXECGO_MAX_CONCURRENCY: '4', EXECGO_MAX_TASK: '7' },
  });
  expect(server.lines()).toContainEqual(
    expect.objectContaining({
      max_concurrency: 5,
      shell_policy: 'open',
      workspace: join(folder, 'work'),
      config_file: join(folder, 'execgo.config.json'),
    }),
  );
  expect(server.log()).toContain('EXECGO_MAX_TASK is not a setting and is ignored; did you mean EXECGO_MAX_TASKS?');
  const tasks = [long('a'), long('b'), long('c')];
  expect(await post(`${server.url}/tasks`, { tasks })).toMatchObject({ status: 413 });
});

it('a token in a variable is asked for, warned of, never logged and not seen by tasks', async () => {
  const env = { EXECGO_TOKEN: 's3cret-t0ken', EXECGO_SHELL_POLICY: 'open' };
  const server = await launchReady({ folder: testFolder(), env });
  expect(await get(`${server.url}/tasks`)).toMatchObject({ status: 401 });
  const authorised = { Authorization: 'Bearer s3cret-t0ken', 'Content-Type': 'application/json' };
  const tasks = [{ id: 'env', type: 'shell', params: { command: 'env' } }];
  await fetch(`${server.url}/tasks`, { method: 'POST', headers: authorised, body: JSON.stringify({ tasks }) });
  const answer = await fetch(`${server.url}/tasks/env?wait=10000`, { headers: authorised });
  const task = await answer.text();
  expect(task).toContain('EXECGO_TASK_ID=env');
  expect(task + server.log()).not.toContain('s3cret');
  expect(server.log()).toContain('prefer --token-file');
});

it('20,000 tasks in one graph are taken with raised limits, and run', async () => {
  const flags = ['--max-tasks', '20000', '--max-body', '32 MiB', '--max-concurrency', '100'];
  const server = await launchReady({ folder: testFolder(), flags });
  const tasks = Array.from({ length: 20_000 }, (_, at) => ({
    id: `t${at}`,
    type: 'noop',
    depends_on: at < 100 ? [] : [`t${at - 100}`],
  }));
  const started = performance.now();
  const { status, body } = await post(`${server.url}/tasks`, { tasks });
  expect({ status, accepted: body.accepted }).toEqual({ status: 202, accepted: 20_000 });
  const acceptedMs = performance.now() - started;
  const graph = await get(`${server.url}/graphs/${body.graph_id}?wait=60000`);
  expect(graph.body).toMatchObject({ counts: { success: 20_000 }, done: true });
  const doneMs = performance.now() - started;
  console.warn(`20,000 tasks: accepted after ${acceptedMs.toFixed(0)} ms, done after ${doneMs.toFixed(0)} ms`);
});

function install(folder: string, name: string, lines: readonly string[]): void {
  const file = join(folder, 'node_modules', name, 'index.js');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(join(dirname(file), 'package.json'), JSON.stringify({ name, type: 'module' }));
  writeFileSync(file, lines.join('\n'));
}
