import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { finished, get, post, send, type WireTask } from './support/http-client.js';
import { countProcesses } from './support/processes.js';
import { launch, launchReady, type ServerProcess, testFolder } from './support/server-process.js';

/** Without a sandbox a command is on its own: what is left of it has to be found. */
const OPEN = { EXECGO_SHELL_POLICY: 'open', EXECGO_SANDBOX: 'off' };
const SANDBOXED = { EXECGO_SHELL_POLICY: 'open', EXECGO_SANDBOX: 'auto' };
let durations = 0;
/** A duration that names the processes of one test: about 99 seconds. */
function uniqueDuration(): string {
  durations += 1;
  return `99.${process.pid}${durations}`;
}

const linux = it.skipIf(process.platform !== 'linux');

linux('after kill -9 of the server with a command running, the restart never has two of it alive', async () => {
  const folder = testFolder();
  const duration = uniqueDuration();
  const first = await launchReady({ folder, env: OPEN });
  const task = { id: 'long', type: 'shell', params: { command: 'sleep', args: [duration] } };
  await post(`${first.url}/tasks`, { tasks: [task] });
  await expect.poll(async () => (await get(`${first.url}/tasks/long`)).body.status).toBe('running');
  await expect.poll(() => countProcesses(duration)).toBe(1);
  first.kill('SIGKILL');
  await first.exited;
  expect(countProcesses(duration), 'the command outlives its server').toBe(1);

  const second = launch({ folder, env: OPEN });
  const seen: number[] = [];
  let restarted: WireTask | undefined;
  while (restarted?.status !== 'running' || restarted.runtime?.attempt !== 1) {
    seen.push(countProcesses(duration));
    const url = await Promise.race([second.ready, sleep(2)]);
    if (typeof url === 'string') restarted = (await get<WireTask>(`${url}/tasks/long`)).body;
  }
  await expect.poll(() => countProcesses(duration)).toBe(1);
  expect(Math.max(...seen)).toBeLessThanOrEqual(1);
  expect(second.lines()).toContainEqual(expect.objectContaining({ recovered: 1, interrupted: 1 }));

  const url = await second.ready;
  const cancelled = await send(url, { path: '/tasks/long/cancel' });
  expect(cancelled).toMatchObject({ status: 200, body: { status: 'failed', run_status: 'cancelled' } });
  expect(countProcesses(duration)).toBe(0);
});

linux('a task that times out leaves no process behind, also of what its command left in the background', async () => {
  const server = await launchReady({ folder: testFolder(), env: OPEN });
  const duration = uniqueDuration();
  const params = { command: 'sh', args: ['-c', `sleep ${duration} & setsid sleep ${duration} & sleep ${duration}`] };
  await post(`${server.url}/tasks`, { tasks: [{ id: 'slow', type: 'shell', params, timeout: 5000 }] });
  await expect.poll(() => countProcesses(duration)).toBe(3);

  const task = await finished(server.url, 'slow');
  expect(task).toMatchObject({ status: 'failed', runtime: { error: { code: 'timeout' } } });
  expect(countProcesses(duration)).toBe(0);
});

linux('SIGTERM gives a running command the shutdown timeout, then ends it; the next start runs it again', async () => {
  const folder = testFolder();
  const duration = uniqueDuration();
  const flags = ['--shutdown-timeout', '2'];
  const first = await launchReady({ folder, env: OPEN, flags });
  const tasks = [
    { id: 'long', type: 'shell', params: { command: 'sleep', args: [duration] } },
    { id: 'short', type: 'sleep', input: { duration_ms: 250 } },
  ];
  await post(`${first.url}/tasks`, { tasks });
  await expect.poll(() => countProcesses(duration)).toBe(1);
  expect(await first.stop(), first.log()).toEqual({ code: 0, signal: null });
  expect(countProcesses(duration)).toBe(0);

  const second = await launchReady({ folder, env: OPEN, flags });
  expect((await get(`${second.url}/tasks/short`)).body).toMatchObject({ status: 'success' });
  await expect.poll(async () => (await get(`${second.url}/tasks/long`)).body.status).toBe('running');
  await expect.poll(() => countProcesses(duration)).toBe(1);
  await second.stop();
});

/** A server whose commands run in a sandbox; the test is skipped, with the reason, where this machine has none. */
async function launchSandboxed(
  folder: string,
  skip: (reason: string) => void,
): Promise<ServerProcess & { url: string }> {
  const server = await launchReady({ folder, env: SANDBOXED });
  const { sandbox } = (await get<{ sandbox: { in_force: string; reason?: string } }>(`${server.url}/health`)).body;
  if (sandbox.in_force === 'none') skip(sandbox.reason ?? 'no sandbox');
  return server;
}

describe('in the sandbox', () => {
  it('after kill -9 of the server nothing of a command survives, and the restart runs it again', async ({ skip }) => {
    const folder = testFolder();
    const duration = uniqueDuration();
    const first = await launchSandboxed(folder, skip);
    const script = `setsid sleep ${duration} & sleep ${duration}`;
    await post(`${first.url}/tasks`, { tasks: [{ id: 'long', type: 'shell', params: { script } }] });
    await expect.poll(() => countProcesses(duration)).toBe(2);
    first.kill('SIGKILL');
    await first.exited;
    await expect.poll(() => countProcesses(duration)).toBe(0);

    const second = await launchReady({ folder, env: SANDBOXED });
    await expect.poll(() => countProcesses(duration)).toBe(2);
    const cancelled = await send(second.url, { path: '/tasks/long/cancel' });
    expect(cancelled).toMatchObject({ status: 200, body: { run_status: 'cancelled' } });
    expect(countProcesses(duration)).toBe(0);
  });

  it('a task that times out leaves no process behind', async ({ skip }) => {
    const server = await launchSandboxed(testFolder(), skip);
    const duration = uniqueDuration();
    const script = `sleep ${duration} & (setsid env -i sleep ${duration} &); sleep ${duration}`;
    await post(`${server.url}/tasks`, { tasks: [{ id: 'slow', type: 'shell', params: { script }, timeout: 5000 }] });
    await expect.poll(() => countProcesses(duration)).toBe(3);
    const task = await finished(server.url, 'slow');
    expect(task).toMatchObject({ status: 'failed', runtime: { error: { code: 'timeout' } } });
    expect(countProcesses(duration)).toBe(0);
  });
});
