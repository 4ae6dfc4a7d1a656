import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeRun, living, until } from '@execgo/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { FILESYSTEM, MEMORY, nodeServer } from './support/servers.js';
import { AT_ONCE_MS, useExecutor } from './support/use-executor.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'execgo-mcp-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'note.txt');
writeFileSync(path, 'kept');

describe.each([
  ['server-filesystem', nodeServer(FILESYSTEM, [folder]), 'read_text_file', { path }],
  [
    'server-memory',
    nodeServer(MEMORY, [], {}, { MEMORY_FILE_PATH: join(folder, 'm.jsonl') }),
    'open_nodes',
    { names: [] },
  ],
])('the published %s, whose calls are quick', (_, config, tool, input) => {
  it('stopped, then killed with SIGKILL in the midst of a call: it fails at once, and the next call works', async () => {
    const { call, failure, check, storeId } = await useExecutor({ servers: { one: config } });
    await call(`one.${tool}`, input);
    await expect(check({ tool_name: `one.${tool}`, input: { wrong: 1 } })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    const pids = living(storeId).map(({ pid }) => pid);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    const run = new FakeRun();
    const failed = failure(`one.${tool}`, input, run);
    await until(() => run.accepted.length > 0);
    // No event tells that the stopped server has been sent the call: it follows what was just accepted.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const killedAt = performance.now();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    expect(await failed).toMatchObject({ code: 'external_failure' });
    expect(performance.now() - killedAt).toBeLessThan(AT_ONCE_MS);
    await call(`one.${tool}`, input);
  });
});
