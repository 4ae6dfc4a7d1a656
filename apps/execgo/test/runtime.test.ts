import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveSettings } from '../src/index.js';
import { runtimeService } from '../src/runtime.js';
import { startTestServer } from './support/running-server.js';

interface Submitted {
  readonly task_id: string;
  readonly execution: { readonly program: string; readonly args: readonly string[] };
  readonly control_context?: unknown;
}

/** A runtime that echoes the arguments of what it is given, one look after it was submitted. */
async function startRuntime(): Promise<{ readonly url: string; readonly submitted: Submitted[] }> {
  const submitted: Submitted[] = [];
  const looks = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const id = /tasks\/([^/]+)$/.exec(request.url ?? '')?.[1];
    response.setHeader('content-type', 'application/json');
    const task = submitted.find(({ task_id }) => task_id === id);
    const looked = looks.get(id ?? '') ?? 0;
    looks.set(id ?? '', looked + 1);
    if (request.method === 'POST') {
      const task = JSON.parse(body) as Submitted;
      submitted.push(task);
      response.end(JSON.stringify({ task_id: task.task_id, handle_id: task.task_id, status: 'accepted' }));
    } else if (task !== undefined) {
      const stdout = looked === 0 ? '' : task.execution.args.join(' ');
      response.end(JSON.stringify({ status: looked === 0 ? 'running' : 'success', stdout, stderr: '', exit_code: 0 }));
    } else {
      response.end('[]');
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, submitted };
}

const COMMAND = { type: 'runtime', tool_name: 'command', input: { program: 'echo', args: ['hi', 'there'] } };

describe('--runtime-url', () => {
  it('runtime tasks run there, with the tenant and the owner, and actions of agents too', async () => {
    const runtime = await startRuntime();
    const server = await startTestServer({ runtimeUrl: runtime.url, runtimeTenant: 'acme', runtimeOwner: 'ops' });
    expect(await server.run(COMMAND)).toMatchObject({
      status: 'success',
      handle_id: runtime.submitted[0]?.task_id,
      result: { stdout: 'hi there', exit_code: 0 },
    });
    expect(runtime.submitted[0]?.control_context).toEqual({ tenant: 'acme', owner: 'ops' });

    const action = { kind: 'command', input: COMMAND.input };
    const acted = await server.post('/adapters/actions', { action_id: 'act', action });
    expect(acted).toMatchObject({ status: 202, body: { task_graph: { tasks: [{ id: 'act', type: 'runtime' }] } } });
    expect((await server.get('/tasks/act?wait=50000')).body).toMatchObject({ result: { stdout: 'hi there' } });
    const { body } = await server.get('/adapters/tools?format=anthropic');
    expect(Object.keys(body.calls as object)).toEqual(expect.arrayContaining(['runtime__command', 'runtime__script']));
  });

  it('no task of another kind reaches the runtime itself', async () => {
    const { url } = await startRuntime();
    const server = await startTestServer({ runtimeUrl: url });
    expect(await server.run({ type: 'http', input: { url: `${url}/api/v1/tasks` } })).toMatchObject({ code: 'denied' });
    const elsewhere = await startTestServer();
    expect(await elsewhere.run({ type: 'http', input: { url: `${url}/api/v1/tasks` } })).toMatchObject({
      status: 'success',
    });
  });

  it('without it, runtime tasks are refused with a sentence that says what to set, and health stays calm', async () => {
    const server = await startTestServer();
    const { status, body } = await server.post('/tasks', { tasks: [{ id: 'a', ...COMMAND }] });
    expect([status, body.code]).toEqual([403, 'denied']);
    expect(body.error).toContain('none is configured: start ExecGo with --runtime-url (or EXECGO_RUNTIME_URL)');
    expect((await server.get('/tasks')).body).toEqual([]);
    expect((await server.get('/health')).body).not.toHaveProperty('problems');
    const unknown = await server.run({ type: 'magic' });
    expect(unknown.error).toBe('unknown task type: magic (available: cli-skills, mcp, os, runtime)');
  });

  it('a password in its URL is warned of where commands can read it, and is not repeated', async () => {
    const { url } = await startRuntime();
    const warned = async (runtimeUrl: string) => {
      const { log } = await startTestServer({ runtimeUrl, sandbox: 'off' });
      expect(JSON.stringify(log)).not.toContain('s3cret');
      return log
        .filter(({ level }) => level === 40)
        .some(({ msg }) => String(msg).includes('the URL of the runtime holds'));
    };
    expect(await warned(url.replace('//', '//me:s3cret@'))).toBe(true);
    expect(await warned(url)).toBe(false);
  });

  it('a URL that cannot be used keeps the server from starting, and is not repeated', () => {
    const { settings } = resolveSettings({ options: { runtimeUrl: 'ftp://me:secret@host' } });
    const make = () => runtimeService(settings);
    expect(make).toThrow(/^--runtime-url.*option url: expected http\(s\):/);
    expect(make).not.toThrow('secret');
  });
});
