import { FakeRun, living, until } from '@execgo/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { McpServerConfig } from '../src/index.js';
import { EVERYTHING, type HttpServerProcess, nodeServer, startEverything } from './support/servers.js';
import { AT_ONCE_MS, type TestExecutor, useExecutor } from './support/use-executor.js';

const LONG = { duration: 600, steps: 6_000 };
let server: HttpServerProcess | undefined;
afterEach(async () => {
  await server?.kill();
  server = undefined;
});

/** The same server by each way that it can be reached, and how to kill it so that it can be reached again. */
const ways: readonly (readonly [string, () => Promise<McpServerConfig>, (executor: TestExecutor) => Promise<void>])[] =
  [
    [
      'stdio',
      async () => nodeServer(EVERYTHING, ['stdio']),
      async ({ storeId }) => {
        for (const { pid } of living(storeId)) process.kill(pid, 'SIGKILL');
      },
    ],
    [
      'streamable HTTP',
      async () => {
        server = await startEverything();
        return { url: server.url };
      },
      async () => {
        const port = server?.port;
        await server?.kill();
        server = await startEverything(port);
      },
    ],
  ];

describe.each(ways)('the published server-everything over %s', (_, configure, killAndRestore) => {
  it('lists, calls, reports progress, tells a tool error, refuses wrong arguments, cancels', async () => {
    const { call, failure, check, toolNames } = await useExecutor({ servers: { every: await configure() } });
    expect(await toolNames()).toContain('every.get-sum');
    expect((await call('every.get-sum', { a: 20, b: 22 })).text).toContain('42');

    const run = new FakeRun();
    await call('every.trigger-long-running-operation', { duration: 0.2, steps: 4 }, run);
    expect(run.notes[0]).toEqual({ message: '1 of 4', data: { progress: 1, total: 4 } });

    // The server judges its arguments itself, too, and answers with isError.
    expect(await failure('every.get-sum', { a: 'twenty', b: 22 })).toMatchObject({ code: 'external_failure' });
    await expect(check({ tool_name: 'every.get-sum', input: { a: 'twenty', b: 22 } })).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('input.a'),
    });

    const cancelled = new FakeRun();
    const failed = failure('every.trigger-long-running-operation', LONG, cancelled);
    await until(() => cancelled.notes.length > 0);
    cancelled.abort();
    expect(await failed).toMatchObject({ code: 'cancelled' });
  });

  it('killed with SIGKILL in the midst of a call: it fails at once, and the next call works', async () => {
    const executor = await useExecutor({ servers: { every: await configure() } });
    const run = new FakeRun();
    let failedAfterMs = Number.NaN;
    let killedAt = Number.NaN;
    const failed = executor.failure('every.trigger-long-running-operation', LONG, run).then((error) => {
      failedAfterMs = performance.now() - killedAt;
      return error;
    });
    await until(() => run.notes.length > 0);
    killedAt = performance.now();
    const restored = killAndRestore(executor);
    expect(await failed).toMatchObject({ code: 'external_failure', final: true });
    expect(failedAfterMs).toBeLessThan(AT_ONCE_MS);
    await restored;
    expect((await executor.call('every.echo', { message: 'again' })).text).toBe('Echo: again');
  });
});
