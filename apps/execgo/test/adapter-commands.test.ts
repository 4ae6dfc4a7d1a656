import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { execgo, printed } from './support/command-line.js';
import { startTestServer } from './support/running-server.js';

async function startAsked() {
  const server = await startTestServer({ sandbox: 'off' });
  const env = { EXECGO_URL: server.url, NO_COLOR: '1' };
  return { ...server, env, ask: (argv: readonly string[], stdin = '') => execgo(server.cwd, argv, env, { stdin }) };
}

const noop = (actionId: string) =>
  JSON.stringify({ adapter: 'codex', action_id: actionId, action: { kind: 'os.noop', input: {} } });

it('capabilities and its short name cap; tools, and the same in the shape of an API', async () => {
  const { ask } = await startAsked();
  const capabilities = await ask(['capabilities']);
  expect(capabilities).toMatchObject({
    status: 0,
    json: { ok: true, data: { schema_version: 'adapter.v1', action_kinds: expect.arrayContaining(['os.shell']) } },
  });
  expect(await ask(['cap'])).toEqual(capabilities);
  expect((await ask(['tools'])).json).toMatchObject({
    data: { tools: expect.arrayContaining([expect.objectContaining({ name: 'execgo.os.shell' })]) },
  });
  const openai = await ask(['tools', '-format', 'openai']);
  expect(JSON.stringify(openai.json?.data)).toContain('"type":"function"');
});

it('tools is a table for people', async () => {
  const { cwd, env } = await startAsked();
  const terminal = { isStdoutTerminal: true, terminalSize: () => ({ columns: 100, rows: 24 }) };
  const { stdout } = await printed(cwd, ['tools'], { env, ...terminal });
  expect(stdout).toMatch(/^TOOL +CATEGORY +WHAT IT DOES\n/);
  expect(stdout).toMatch(/^execgo\.os\.shell +os +\S/m);
});

it('act submits an action from stdin or -file, and a repeat with its key gives the same tasks', async () => {
  const { ask, cwd } = await startAsked();
  const acted = await ask(['act', '--idempotency-key', 'k1'], noop('a1'));
  expect(acted).toMatchObject({ status: 0, json: { ok: true, data: { accepted: 1, task_ids: ['a1'] } } });
  expect((await ask(['wait', '-task-ids', 'a1'])).json).toMatchObject({ data: { tasks: [{ status: 'success' }] } });
  writeFileSync(join(cwd, 'action.json'), noop('a1'));
  expect((await ask(['act', '-file', 'action.json', '-idempotency-key', 'k1'])).json).toMatchObject({
    ok: true,
    data: { accepted: 1, task_ids: ['a1'] },
  });
});

it('translate shows the tasks, and stores nothing', async () => {
  const { ask } = await startAsked();
  expect((await ask(['translate'], noop('a1'))).json).toMatchObject({
    ok: true,
    data: { accepted: 0, task_graph: { tasks: [{ id: 'a1' }] }, translation_trace: { adapter: 'codex' } },
  });
  expect((await ask(['list'])).json?.data).toEqual({ tasks: [] });
});

it('what the adapter refuses is an HTTP error: exit status 1', async () => {
  const { ask } = await startAsked();
  expect(await ask(['act'], JSON.stringify({ action: { kind: 'os.nope' } }))).toMatchObject({
    status: 1,
    json: {
      ok: false,
      error: {
        message: 'HTTP 400',
        status_code: 400,
        body: { error: 'invalid adapter action: unknown action kind "os.nope"' },
      },
    },
  });
});
