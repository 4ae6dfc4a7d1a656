import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../src/index.js';
import { connectMcp as connect, ERAS } from './support/mcp-client.js';
import { freshFolder, startTestServer } from './support/running-server.js';

const sleep = (duration_ms: number) => ({ name: 'os__sleep', arguments: { duration_ms } });

describe.each(ERAS)('POST/GET/DELETE /mcp: ExecGo itself as an MCP server, %s', (era) => {
  it('offers the tools of the server and runs them, and the routes under /mcp are still there', async () => {
    const server = await startTestServer();
    const client = await connect(server.url, era);
    expect(client.getServerVersion()).toMatchObject({ name: 'execgo', version: VERSION });
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['submit_task_graph', 'os__shell', 'os__file', 'cli__run']));
    const done = await client.callTool({ name: 'os__noop', arguments: { message: 'hi' } });
    expect(done.structuredContent).toEqual({ ok: true, message: 'hi' });

    expect(await server.get('/mcp/tools')).toMatchObject({ status: 200, body: { tools: [] } });
    expect(await server.post('/mcp/call', { id: 'c', tool_name: 'demo.echo', input: {} })).toMatchObject({
      status: 202,
    });
    expect(await server.get('/mcp/tasks/c?wait=5000')).toMatchObject({ status: 200, body: { status: 'success' } });
  });

  it('a client that cancels the call of a tool ends the work', async () => {
    const server = await startTestServer();
    const client = await connect(server.url, era);
    const abort = new AbortController();
    const call = client.callTool(sleep(60_000), { signal: abort.signal });
    await expect.poll(() => server.kernel.stats().running).toBe(1);
    abort.abort('enough');
    await expect(call).rejects.toThrow('enough');
    await expect.poll(() => server.kernel.stats().running).toBe(0);
    const { tasks } = await server.kernel.list({});
    expect(tasks).toMatchObject([{ status: 'failed', run_status: 'cancelled' }]);
  });

  it('a stop of the server answers what is under way, before its connection is cut', async () => {
    const server = await startTestServer();
    const client = await connect(server.url, era);
    const call = client.callTool(sleep(60_000));
    await expect.poll(() => server.kernel.stats().running).toBe(1);
    await server.close();
    expect(await call).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('unavailable: the server is stopping') }],
    });
  });

  it('asks for the token, as every route does', async () => {
    const cwd = freshFolder();
    const tokenFile = join(cwd, 'tokens');
    const tokens = [{ name: 'reader', token: 'r3ad', scopes: ['read'] }];
    writeFileSync(tokenFile, JSON.stringify({ tokens }), { mode: 0o600 });
    const server = await startTestServer({ tokenFile }, cwd);
    await expect(connect(server.url, era)).rejects.toThrow();
    const client = await connect(server.url, era, 'r3ad');
    expect(await client.callTool(sleep(1))).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('denied: the tool os__sleep needs the scope submit') }],
    });
  });
});

it('--mcp-tools says which tools are offered', async () => {
  const server = await startTestServer({ mcpTools: ['*_task', 'os__*', '!os__shell'] });
  const client = await connect(server.url, '2026-07-28');
  const names = (await client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['wait_task', 'os__file']));
  expect(names).not.toContain('submit_task_graph');
  expect(names).not.toContain('os__shell');
});

it('every answer carries X-Trace-ID, the caller’s own where there is one', async () => {
  const { url } = await startTestServer();
  for (const method of ['GET', 'POST', 'DELETE', 'PUT', 'OPTIONS']) {
    const answer = await fetch(`${url}/mcp`, { method, headers: { 'X-Trace-ID': `mine-${method}` } });
    expect(answer.headers.get('x-trace-id')).toBe(`mine-${method}`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
  }
});

it('a page that is not listed is refused', async () => {
  const { url } = await startTestServer();
  const answer = await fetch(`${url}/mcp`, { method: 'POST', headers: { Origin: 'https://evil.example' }, body: '{}' });
  expect(answer.status).toBe(403);
});
