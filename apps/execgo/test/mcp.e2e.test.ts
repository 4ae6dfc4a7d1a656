import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, it, onTestFinished } from 'vitest';
import { freshFolder } from './support/running-server.js';

const BIN = resolve(import.meta.dirname, '../bin/execgo.js');

function client(era: '2025-11-25' | '2026-07-28'): Client {
  const made = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
  );
  onTestFinished(() => made.close());
  return made;
}

interface RawServer {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly log: () => string;
  /** What it wrote to stdout so far, all of it messages: stdout is the protocol's alone. */
  readonly messages: () => readonly Readonly<Record<string, unknown>>[];
}

/** The built program; whatever is left of it at the end of the test is killed. */
function launch(cwd: string, ...args: readonly string[]): RawServer {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: { PATH: process.env.PATH, HOME: cwd } });
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const lines = () => printed.stdout.split('\n').slice(0, -1);
  return { child, exited, log: () => printed.stderr, messages: () => lines().map((line) => JSON.parse(line)) };
}

function send({ child }: RawServer, message: object): void {
  child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** Sends a request and resolves to its answer. */
async function ask(server: RawServer, id: number, method: string, params: object): Promise<unknown> {
  send(server, { id, method, params });
  const answer = () => server.messages().find((message) => message.id === id);
  await expect.poll(answer).toMatchObject({ jsonrpc: '2.0', id });
  return answer();
}

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
} as const;

it('cat requests | execgo mcp prints every answer, and ends', async () => {
  const server = launch(freshFolder(), 'mcp');
  send(server, { id: 1, method: 'initialize', params: INITIALIZE });
  send(server, { method: 'notifications/initialized' });
  send(server, { id: 2, method: 'tools/list', params: {} });
  send(server, { id: 3, method: 'tools/call', params: { name: 'os__sleep', arguments: { duration_ms: 200 } } });
  server.child.stdin?.end();
  expect(await server.exited).toBe(0);
  const answers = server.messages();
  expect(answers.map(({ id }) => Number(id)).sort()).toEqual([1, 2, 3]);
  expect(answers.find(({ id }) => id === 3)).toMatchObject({
    result: { structuredContent: { slept_ms: expect.any(Number) } },
  });
});

it('execgo mcp serves a client over stdio and ends with it; what still ran goes on at the next start', async () => {
  const cwd = freshFolder();
  // Of a server, and of no concern here.
  const shared = { addr: ':9191', grpcAddr: ':50051', allowedOrigins: 7 };
  writeFileSync(join(cwd, 'execgo.config.json'), JSON.stringify(shared));
  const first = launch(cwd, 'mcp');
  expect(await ask(first, 1, 'initialize', INITIALIZE)).toMatchObject({ result: { serverInfo: { name: 'execgo' } } });
  send(first, { method: 'notifications/initialized' });
  const tasks = [{ id: 'long', type: 'os', tool_name: 'sleep', input: { duration_ms: 2000 } }];
  expect(await ask(first, 2, 'tools/call', { name: 'submit_task_graph', arguments: { tasks } })).toMatchObject({
    result: { structuredContent: { accepted: 1 } },
  });
  first.child.stdin?.end();
  expect(await first.exited).toBe(0);
  expect(first.log()).toContain('the client is gone');

  const later = client('2026-07-28');
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [BIN, 'mcp'],
    cwd,
    stderr: 'ignore',
  });
  await later.connect(transport);
  const waited = await later.callTool({ name: 'wait_task', arguments: { id: 'long' } });
  expect(waited.structuredContent).toMatchObject({
    done: true,
    task: { status: 'success', runtime: { attempt: 1 } },
  });
  const written = await later.callTool({
    name: 'os__file',
    arguments: { action: 'write', path: 'note.txt', content: 'by a client of MCP' },
  });
  expect(written.structuredContent).toEqual({ bytes_written: 18 });
  expect(existsSync(join(cwd, 'workspace', 'note.txt'))).toBe(true);

  const beside = launch(cwd, 'mcp');
  expect(await beside.exited).toBe(1);
  expect(beside.messages()).toEqual([]);
  expect(beside.log()).toContain(`belongs to pid ${transport.pid} `);
  expect(beside.log()).toContain('connect to http://127.0.0.1:9191/mcp instead, or choose another --data-dir');
});

it('execgo mcp ends cleanly at SIGTERM', async () => {
  const server = launch(freshFolder(), 'mcp', '--store', 'memory');
  await ask(server, 1, 'initialize', INITIALIZE);
  server.child.kill('SIGTERM');
  expect(await server.exited).toBe(0);
});

it('execgo serve is an MCP server at /mcp, and its stop ends the sessions', async () => {
  const server = launch(freshFolder(), '--addr', '127.0.0.1:0', '--store', 'memory');
  await expect.poll(() => /"url":"([^"]+)"/.exec(server.log())?.[1]).toMatch(/^http:/);
  const url = /"url":"([^"]+)"/.exec(server.log())?.[1];
  const connected = client('2025-11-25');
  await connected.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  const ran = await connected.callTool({ name: 'os__shell', arguments: { command: 'echo', args: ['hello'] } });
  expect(ran.structuredContent).toMatchObject({ stdout: 'hello\n', exit_code: 0 });
  server.child.kill('SIGTERM');
  expect(await server.exited).toBe(0);
});
