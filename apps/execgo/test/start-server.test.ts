import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { VERSION } from '../src/index.js';
import { freshFolder, startTestServer } from './support/running-server.js';

const noop = (id: string, rest: object = {}) => ({ id, type: 'noop', ...rest });
const readTask = (path: string) => ({ type: 'file', params: { action: 'read', path } });
const fetchTask = (url: string) => ({ type: 'http', params: { url } });

describe('a setting takes effect:', () => {
  it('max-body', async () => {
    const server = await startTestServer({ maxBody: '1 KiB' });
    const large = await server.post('/tasks', { tasks: [noop('a', { input: { message: 'x'.repeat(2000) } })] });
    expect(large).toMatchObject({ status: 413, body: { details: { limit: 1024 } } });
  });

  it('max-tasks', async () => {
    const server = await startTestServer({ maxTasks: 2 });
    expect(await server.post('/tasks', { tasks: [noop('a'), noop('b'), noop('c')] })).toMatchObject({
      status: 413,
      body: { error: 'tasks: 3 tasks in one graph, the limit is 2' },
    });
  });

  it('max-pending', async () => {
    const server = await startTestServer({ maxPending: 2 });
    const tasks = [noop('a'), noop('b', { depends_on: ['a'] }), noop('c', { depends_on: ['b'] })];
    expect(await server.post('/tasks', { tasks })).toMatchObject({ status: 429, body: { code: 'resource_exhausted' } });
  });

  it('max-concurrency', async () => {
    const server = await startTestServer({ maxConcurrency: 2 });
    const tasks = Array.from({ length: 5 }, (_, at) => ({
      id: `${at}`,
      type: 'sleep',
      input: { duration_ms: 60_000 },
    }));
    await server.post('/tasks', { tasks });
    await expect.poll(() => server.kernel.stats().running).toBe(2);
    expect(server.kernel.stats().ready).toBe(3);
  });

  it('default-timeout', async () => {
    const server = await startTestServer({ defaultTimeout: 50 });
    expect(await server.run({ type: 'sleep', input: { duration_ms: 60_000 } })).toMatchObject({
      status: 'failed',
      runtime: { error: { code: 'timeout' } },
    });
  });

  it('no-resume', async () => {
    const cwd = freshFolder();
    const first = await startTestServer({ store: 'jsonfile' }, cwd);
    await first.post('/tasks', { tasks: [{ id: 'a', type: 'sleep', input: { duration_ms: 60_000 } }] });
    await expect.poll(() => first.kernel.stats().running).toBe(1);
    await first.close();

    const second = await startTestServer({ store: 'jsonfile', noResume: true }, cwd);
    expect((await second.get('/tasks/a?wait=100')).body).toMatchObject({ status: 'pending' });
    expect(second.kernel.stats().running).toBe(0);
    expect(second.log).toContainEqual(
      expect.objectContaining({ msg: '--no-resume: 1 unfinished tasks are held as pending' }),
    );
  });

  it('shell-policy', async () => {
    const command = { type: 'shell', params: { command: 'sh', args: ['-c', 'echo free'] } };
    expect(await (await startTestServer()).run(command)).toMatchObject({ code: 'denied' });
    const open = await startTestServer({ shellPolicy: 'open', sandbox: 'off' });
    expect(await open.run(command)).toMatchObject({ status: 'success', result: { stdout: 'free\n' } });
    const warning = { level: 40, msg: '--shell-policy open: tasks can run any command as this user' };
    expect(open.log).toContainEqual(expect.objectContaining(warning));
  });

  it('egress and egress-allow', async () => {
    const target = await startTestServer();
    const strict = await startTestServer({ egress: 'strict' });
    expect(JSON.stringify(await strict.run(fetchTask(`${target.url}/livez`)))).toContain('denied');
    const listed = await startTestServer({ egress: 'strict', egressAllow: [new URL(target.url).host] });
    expect(await listed.run(fetchTask(`${target.url}/livez`))).toMatchObject({ result: { status_code: 200 } });
  });

  it('token', async () => {
    const server = await startTestServer({ token: 's3cret' });
    expect(await server.get('/tasks')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(await server.get('/tasks', { Authorization: 'Bearer s3cret' })).toMatchObject({ status: 200, body: [] });
    expect(JSON.stringify(server.log)).not.toContain('s3cret');
  });

  it('allowed-origins', async () => {
    const server = await startTestServer({ allowedOrigins: ['https://console.example'] });
    expect(await server.get('/tasks', { Origin: 'https://console.example' })).toMatchObject({ status: 200 });
    expect(await server.get('/tasks', { Origin: 'https://other.example' })).toMatchObject({ status: 403 });
  });

  it('executor', async () => {
    const cwd = freshFolder();
    install(cwd, 'greeter', [
      'export const createExecutor = () => ({',
      "  category: 'greeter',",
      "  tools: async () => [{ name: 'greet', description: 'Greets', input_schema: {} }],",
      '  execute: async (task) => ({ greeting: "hello " + task.input.name }),',
      '});',
    ]);
    const server = await startTestServer({ executor: ['greeter'] }, cwd);
    const task = await server.run({ type: 'greeter', tool_name: 'greet', input: { name: 'world' } });
    expect(task).toMatchObject({ status: 'success', result: { greeting: 'hello world' } });
  });

  it('two executors of one type are refused', async () => {
    const cwd = freshFolder();
    install(cwd, 'second-os', [
      "export const createExecutor = () => ({ category: 'os', tools: async () => [], execute: async () => 1 });",
    ]);
    await expect(startTestServer({ executor: ['second-os'] }, cwd)).rejects.toThrow('one executor per category');
  });
});

describe('what no task may touch though it lies in the workspace:', () => {
  it('the store, the token and the code of drivers', async () => {
    const cwd = freshFolder();
    install(cwd, 'driver', [
      "export const createExecutor = () => ({ category: 'd', tools: async () => [], execute: async () => 1 });",
    ]);
    writeFileSync(join(cwd, 'token'), 'secret', { mode: 0o600 });
    writeFileSync(join(cwd, 'mine.txt'), 'mine');
    const server = await startTestServer(
      { store: 'jsonfile', workspace: '.', tokenFile: 'token', executor: ['driver'] },
      cwd,
    );
    const authorised = { Authorization: 'Bearer secret' };
    for (const path of ['token', 'data', 'data/state.json', 'node_modules/driver/index.js']) {
      expect(await server.run(readTask(path), authorised)).toMatchObject({ code: 'denied' });
    }
    expect(await server.run(readTask('mine.txt'), authorised)).toMatchObject({ result: { content: 'mine' } });
  });

  it('the workspace cannot lie in the folder of the store', async () => {
    for (const workspace of ['data', 'data/inside']) {
      await expect(startTestServer({ workspace })).rejects.toThrow('lies in the folder of the store');
    }
  });
});

it('the port of the server itself is refused to tasks, whatever they call it', async () => {
  const server = await startTestServer({ egressAllow: ['127.0.0.1:1'] });
  const { port } = new URL(server.url);
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.1', '0.0.0.0']) {
    expect(JSON.stringify(await server.run(fetchTask(`http://${host}:${port}/tasks`)))).toContain('denied');
  }
});

describe('the legacy profile', () => {
  it('restores scripts, unconfined files, the inherited environment and open egress, with a loud warning', async () => {
    vi.stubEnv('LEGACY_TEST_VARIABLE', 'inherited');
    const server = await startTestServer({ profile: 'legacy' });
    const script = { type: 'shell', params: { script: 'echo $LEGACY_TEST_VARIABLE' } };
    expect(await server.run(script)).toMatchObject({ result: { stdout: 'inherited\n' } });
    expect(await server.run(readTask('/etc/hostname'))).toMatchObject({ status: 'success' });
    expect(await server.run(fetchTask(`${server.url}/livez`))).toMatchObject({ result: { status_code: 200 } });
    expect(server.log).toContainEqual(
      expect.objectContaining({ level: 40, msg: expect.stringContaining('LEGACY PROFILE') }),
    );
  });

  it('without it all of that is refused', async () => {
    const server = await startTestServer({ sandbox: 'off' });
    for (const task of [{ type: 'shell', params: { script: 'echo' } }, readTask('/etc/hostname')]) {
      expect(JSON.stringify(await server.run(task))).toContain('denied');
    }
    expect(JSON.stringify(server.log)).not.toContain('LEGACY');
  });
});

describe('the start', () => {
  it('is one line in the log with what is in force', async () => {
    const server = await startTestServer({ store: 'jsonfile', sandbox: 'off' });
    expect(server.log).toContainEqual({
      level: 30,
      time: expect.anything(),
      url: server.url,
      version: VERSION,
      store: 'jsonfile',
      data_dir: join(server.cwd, 'data'),
      durability: 'always',
      workspace: join(server.cwd, 'workspace'),
      shell_policy: 'allowlist',
      sandbox: 'none',
      egress: 'local',
      exposure: 'loopback',
      token: 'none',
      max_concurrency: 10,
      recovered: 0,
      interrupted: 0,
      msg: `ExecGo serves on ${server.url}`,
    });
    expect(await server.get('/health')).toMatchObject({ body: { status: 'ok', version: `v${VERSION}` } });
  });

  it('on a port in use fails with a sentence, and leaves the store alone', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void occupied.close());
    await expect.poll(() => occupied.address()).not.toBeNull();
    const addr = `127.0.0.1:${(occupied.address() as { port: number }).port}`;
    await expect(startTestServer({ addr })).rejects.toThrow(
      `the address ${addr} is in use by another program: stop it, or choose another address with --addr`,
    );
  });

  it.each(['addr', 'grpcAddr'])('on a port in use (%s) closes what it had put together', async (setting) => {
    const cwd = freshFolder();
    const closed = join(cwd, 'closed');
    install(cwd, 'closing', [
      "import { writeFileSync } from 'node:fs';",
      'export const createExecutor = () => ({',
      "  category: 'closing',",
      '  tools: async () => [],',
      '  execute: async () => 1,',
      `  close: async () => writeFileSync(${JSON.stringify(closed)}, ''),`,
      '});',
    ]);
    const occupied = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void occupied.close());
    await once(occupied, 'listening');
    const address = `127.0.0.1:${(occupied.address() as { port: number }).port}`;
    await expect(startTestServer({ executor: ['closing'], [setting]: address }, cwd)).rejects.toThrow('is in use');
    expect(existsSync(closed)).toBe(true);
  });

  it('on a store in use fails, names the owner, and frees the port', async () => {
    const cwd = freshFolder();
    const first = await startTestServer({ store: 'jsonfile' }, cwd);
    await expect(startTestServer({ store: 'jsonfile' }, cwd)).rejects.toThrow(String(process.pid));
    expect(await first.run({ type: 'noop' })).toMatchObject({ status: 'success' });
  });

  it('on every interface works with and without IPv6, and needs a word', async () => {
    await expect(startTestServer({ addr: ':0' })).rejects.toThrow('no token is set');
    const server = await startTestServer({ addr: ':0', allowUnauthenticated: true });
    const { port } = new URL(server.url);
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    expect(server.policy).toMatchObject({ exposure: 'network', egress: 'standard' });
    expect(server.log).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('beyond loopback without a token') }),
    );
  });
});

it('a task that fails is one line in the log, with its ids and code, and nothing of what it was given', async () => {
  const server = await startTestServer();
  const task = await server.run(readTask('no-such-secret-file'));
  expect(task.status).toBe('failed');
  const line = { msg: 'task failed', level: 40, task_id: 'only', graph_id: task.graph_id, code: 'not_found' };
  expect(server.log).toContainEqual(expect.objectContaining(line));
  expect(JSON.stringify(server.log)).not.toContain('secret');
});

it('closing lets a request that waits answer what is, and a submission under way end', async () => {
  const server = await startTestServer({ store: 'jsonfile' });
  await server.post('/tasks', { tasks: [{ id: 'a', type: 'sleep', input: { duration_ms: 60_000 } }] });
  await expect.poll(() => server.kernel.stats().running).toBe(1);
  const waiting = server.get('/tasks/a?wait=60000');
  const submitted = server.post('/tasks', { tasks: [noop('b')] });
  await expect.poll(async () => (await submitted).status).toBe(202);
  await server.close();
  expect(await waiting).toMatchObject({ status: 200, body: { id: 'a', status: 'running' } });
});

function install(cwd: string, name: string, lines: readonly string[]): void {
  const file = join(cwd, 'node_modules', name, 'index.js');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(join(dirname(file), 'package.json'), JSON.stringify({ name, type: 'module' }));
  writeFileSync(file, lines.join('\n'));
}
