import { FakeRun, living } from '@execgo/testkit';
import { expect, it, onTestFinished } from 'vitest';
import type { McpServerConfig } from '../src/index.js';
import { EVERYTHING, nodeServer, startEverything, startModern } from './support/servers.js';
import { noted, useExecutor } from './support/use-executor.js';

const LONG = 'trigger-long-running-operation';
const OF_ALL = { duration: 600, steps: 6_000 };

interface Way {
  readonly config: McpServerConfig;
  readonly kill: (storeId: string) => Promise<void>;
}

const stdio = async (): Promise<Way> => ({
  config: nodeServer(EVERYTHING, ['stdio']),
  kill: async (storeId) => {
    for (const { pid } of living(storeId)) process.kill(pid, 'SIGKILL');
  },
});
const http = async (server: Awaited<ReturnType<typeof startModern>>): Promise<Way> => ({
  config: { url: server.url },
  kill: () => server.kill(),
});

// The machine may stop this process for a while, hardly three times; a call that waits for a timeout does so each time.
it.each([
  ['stdio', stdio, LONG, OF_ALL, '1 of 6000'],
  ['HTTP, resumable streams', async () => http(await startEverything()), LONG, OF_ALL, '1 of 6000'],
  ['HTTP, the 2026-07-28 era', async () => http(await startModern('modern-only')), 'forever', {}, 'begun'],
] as const)(
  'the call of a server that is killed fails within 2 s: %s',
  { retry: 2 },
  async (_, start, tool, input, note) => {
    const { config, kill } = await start();
    const { failure, storeId } = await useExecutor({ servers: { one: config } });
    onTestFinished(() => kill(storeId));
    const run = new FakeRun();
    const failed = failure(`one.${tool}`, input, run);
    await noted(run, note);
    const killedAt = performance.now();
    void kill(storeId);
    expect(await failed).toMatchObject({ code: 'external_failure' });
    expect(performance.now() - killedAt).toBeLessThan(2_000);
  },
);
