import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type ExecGoClient } from '@execgo/client';
import { describe, expect, it, vi } from 'vitest';
import { execgo } from '../apps/execgo/test/support/command-line.js';
import { connectMcp, ERAS } from '../apps/execgo/test/support/mcp-client.js';
import { freshFolder, type RunningServer, startTestServer } from '../apps/execgo/test/support/running-server.js';
import { type NamedToken, parseNamedTokens, type Scope } from '../packages/access/src/index.js';
import { ExecGo } from '../packages/server-grpc/src/gen/execgo/v1/execgo_pb.js';
import { GrpcClient } from '../packages/server-grpc/test/support/client.js';
import { apps } from './support/captured-apps.js';
import { endOfMethod, methodPath, type Need, SERVED_METHODS, servicesByReflection } from './support/grpc-methods.js';
import { isAnswered, PROTOCOL_METHODS, postMessage } from './support/mcp-methods.js';

vi.mock('../packages/server-http/src/index.js', async (original) => {
  const module = await original<typeof import('../packages/server-http/src/index.js')>();
  const { noting } = await import('./support/captured-apps.js');
  return { ...module, createApp: noting(module.createApp) };
});

const TOKENS: readonly NamedToken[] = [
  { name: 'reader', token: 'r3ad', scopes: ['read'] },
  { name: 'giver', token: 'g1ve', scopes: ['submit'] },
  { name: 'worker', token: 'w0rk', scopes: ['read', 'submit'] },
  { name: 'root', token: 'r00t', scopes: ['admin'] },
];
/** A token that is good for everything but this scope, and one that has it. */
const LACKING: Readonly<Record<Scope, string>> = { read: 'g1ve', submit: 'r3ad', admin: 'w0rk' };
const HAVING: Readonly<Record<Scope, string>> = { read: 'r3ad', submit: 'g1ve', admin: 'r00t' };
const STRANGERS = [undefined, 'wrong', 'r3ad-and-more'];
const GUIDE = readFileSync(new URL('../docs/access.md', import.meta.url), 'utf8');

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

interface GuardedServer extends RunningServer {
  readonly grpc: string;
}

/** A server in this process, with all doors and these tokens. */
async function startGuarded(tokens: readonly NamedToken[] = TOKENS): Promise<GuardedServer> {
  const cwd = freshFolder();
  writeFileSync(join(cwd, 'tokens.json'), JSON.stringify({ tokens }), { mode: 0o600 });
  const server = await startTestServer({ grpcAddr: '127.0.0.1:0', tokenFile: 'tokens.json', sandbox: 'off' }, cwd);
  return { ...server, grpc: String(server.grpcAddress) };
}

describe('HTTP: every route and method', () => {
  const METHODS = ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'];
  const PROBES = ['/health', '/livez', '/readyz'];
  const NEED: Readonly<Record<string, Scope>> = { GET: 'read', HEAD: 'read', POST: 'submit', DELETE: 'admin' };

  async function startWalk() {
    const { url } = await startGuarded();
    const paths = [...new Set(apps.at(-1)?.routes.map(({ path }) => path))];
    const ask = async (method: string, path: string, token: string | undefined) => {
      const place = path.replace(/:\w+(\{.*?\})?/g, 'some-id').replace('*', 'nowhere');
      const answer = await fetch(url + place, { method, headers: bearer(token) });
      const text = await answer.text();
      return { status: answer.status, allow: (answer.headers.get('allow') ?? '').split(', '), text };
    };
    return { url, paths, ask };
  }

  it('/health /livez /readyz need no token; every other one does, whatever its method, and so does a path that is no route', async () => {
    const { paths, ask } = await startWalk();
    expect(paths).toEqual(expect.arrayContaining([...PROBES, '/mcp', '/tasks', '/tasks/:id', '/*']));
    for (const path of paths) {
      const isProbe = PROBES.includes(path);
      const tried = METHODS.flatMap((method) => STRANGERS.map((token) => ({ method, token })));
      const statuses = tried.map(async ({ method, token }) => [method, (await ask(method, path, token)).status]);
      const expected = tried.map(({ method }) => [
        method,
        !isProbe ? 401 : ['GET', 'HEAD'].includes(method) ? 200 : 405,
      ]);
      expect([path, await Promise.all(statuses)]).toEqual([path, expected]);
    }
  });

  it('GET and HEAD need read, POST submit (read where nothing is stored), DELETE admin: a token without that is refused, naming the scope, and one with it is not', async () => {
    const { paths, ask } = await startWalk();
    // What a message of MCP needs is told by what it calls.
    const guarded = paths.filter((path) => ![...PROBES, '/mcp', '/*'].includes(path));
    const seen = new Set<string>();
    for (const path of guarded) {
      const { allow } = await ask('PATCH', path, 'r00t');
      for (const method of allow) {
        const need = path === '/adapters/translate' && method === 'POST' ? 'read' : NEED[method];
        if (need === undefined) throw new Error(`what ${method} ${path} needs is not known`);
        const [lacking, having] = [await ask(method, path, LACKING[need]), await ask(method, path, HAVING[need])];
        expect([path, method, lacking.status]).toEqual([path, method, 403]);
        if (method !== 'HEAD') expect(lacking.text).toContain(`does not have the scope ${need}`);
        expect([path, method, having.status]).not.toEqual([path, method, expect.toBeOneOf([401, 403, 405])]);
        seen.add(`${method} ${path}`);
      }
    }
    expect(seen.size).toBeGreaterThan(35);
  });
});

describe('gRPC: every method', () => {
  const NEEDS: Readonly<Record<string, Need>> = {
    SubmitTasks: 'submit',
    GetTask: 'read',
    ListTasks: 'read',
    CancelTask: 'submit',
    DeleteTask: 'admin',
    WatchTasks: 'read',
    Metrics: 'read',
    'execgo.v1.ExecGo/Health': 'nothing',
    Check: 'nothing',
    Watch: 'nothing',
    ServerReflectionInfo: 'token',
  };
  const needOf = (path: string): Need => {
    const need = NEEDS[path.slice(1)] ?? NEEDS[path.slice(path.lastIndexOf('/') + 1)];
    if (need === undefined) throw new Error(`what ${path} needs is not known`);
    return need;
  };

  it('Health and health checking need no token; every other one does, reflection too, and a scope', async () => {
    const { grpc } = await startGuarded();
    expect(await servicesByReflection(new GrpcClient(grpc, { headers: bearer('r3ad') }))).toEqual(
      [...new Set(SERVED_METHODS.map(({ service }) => service))].sort(),
    );
    const clients = new Map<string | undefined, GrpcClient>();
    for (const token of [...STRANGERS, ...TOKENS.map(({ token }) => token)]) {
      clients.set(token, new GrpcClient(grpc, { headers: bearer(token) }));
    }
    const ask = (token: string | undefined, served: (typeof SERVED_METHODS)[number]) =>
      endOfMethod(clients.get(token) as GrpcClient, served);
    for (const served of SERVED_METHODS) {
      const path = methodPath(served);
      const need = needOf(path);
      for (const token of STRANGERS) {
        const { code } = await ask(token, served);
        expect([path, token, code]).toEqual([path, token, need === 'nothing' ? undefined : 'unauthenticated']);
      }
      const scoped = need === 'nothing' || need === 'token' ? undefined : need;
      for (const { token, scopes } of TOKENS) {
        const isGood = scoped === undefined || scopes.includes(scoped) || scopes.includes('admin');
        const { code, text } = await ask(token, served);
        if (isGood) expect([path, token, code]).not.toEqual([path, token, expect.stringMatching(/denied|unauth/)]);
        else expect([path, token, code]).toEqual([path, token, 'denied']);
        if (!isGood) expect(text).toContain(`does not have the scope ${scoped}`);
      }
    }
  });

  it('docs/access.md says what each needs', () => {
    for (const { name } of ExecGo.methods) {
      const need = needOf(`/${ExecGo.typeName}/${name}`);
      expect(GUIDE).toMatch(new RegExp(`^\\| ${need === 'nothing' ? 'none' : `\`${need}\``} \\|.*\`${name}\``, 'm'));
    }
  });
});

describe('MCP: every method and tool', () => {
  const NEEDS: Readonly<Record<string, Scope>> = {
    get_task: 'read',
    wait_task: 'read',
    list_tasks: 'read',
    submit_task_graph: 'submit',
    cancel_task: 'submit',
  };
  /** What began the session, or begins a stream of changes, of which there are none; tools are called one by one. */
  const BEGINNINGS: ReadonlySet<string> = new Set(['initialize', 'subscriptions/listen', 'tools/call']);
  /** Those of executors are work that is given in. */
  const needOf = (tool: string): Scope => NEEDS[tool] ?? 'submit';

  it('no message is answered without a token', async () => {
    const { url } = await startGuarded();
    for (const method of PROTOCOL_METHODS) {
      const answers = STRANGERS.map((token) => postMessage(url, method, bearer(token)));
      const refusal = { status: 401, body: { error: { data: { code: 'unauthenticated' } } } };
      expect([method, await Promise.all(answers)]).toMatchObject([method, STRANGERS.map(() => refusal)]);
      for (const { body } of await Promise.all(answers)) expect(body).not.toHaveProperty('result');
    }
  });

  it.each(ERAS)('%s: a session answers pings to any token; tools to those with their scope alone', async (era) => {
    const { url } = await startGuarded();
    const [root, reader, giver] = await Promise.all(
      ['r00t', 'r3ad', 'g1ve'].map((token) => connectMcp(url, era, token)),
    );
    if (root === undefined || reader === undefined || giver === undefined) throw new Error('not connected');
    const tools = (await root.listTools()).tools.map(({ name }) => name);
    expect(tools).toEqual(expect.arrayContaining([...Object.keys(NEEDS), 'os__shell', 'os__file', 'cli__run']));
    expect((await reader.listTools()).tools.map(({ name }) => name).sort()).toEqual(
      tools.filter((tool) => needOf(tool) === 'read').sort(),
    );
    await expect(giver.listTools()).rejects.toThrow('does not have the scope read');
    for (const tool of tools) {
      const lacking = needOf(tool) === 'read' ? giver : reader;
      const refused = await lacking.callTool({ name: tool, arguments: {} });
      expect([tool, refused.isError, refused.structuredContent]).toEqual([
        tool,
        true,
        { error: expect.objectContaining({ code: 'denied' }) },
      ]);
    }
    // What the protocol has besides is not served to anybody, or tells nothing that needs a scope.
    const answered = async (client: typeof root) => {
      const outcomes = PROTOCOL_METHODS.filter((method) => !BEGINNINGS.has(method)).map(async (method) =>
        (await isAnswered(client, method)) ? [method] : [],
      );
      return (await Promise.all(outcomes)).flat();
    };
    const forAnyToken = era === '2025-11-25' ? ['ping'] : ['server/discover'];
    expect(await answered(giver)).toEqual(forAnyToken);
    expect(await answered(root)).toEqual([...forAnyToken, 'tools/list']);
  });

  it('docs/access.md says what each needs', () => {
    for (const [tool, need] of Object.entries(NEEDS)) {
      expect(GUIDE).toMatch(new RegExp(`^\\| \`${need}\` \\|.*\`${tool}\``, 'm'));
    }
  });
});

describe('the name of the token goes into events as actor', () => {
  const TASK = { type: 'os', tool_name: 'sleep', input: { duration_ms: 60_000 } };
  const NAMES = ['http', 'grpc', 'mcp', 'cli', 'client'] as const;
  const ACTORS: readonly NamedToken[] = [
    ...NAMES.map((name) => ({ name: `by-${name}`, token: `t-${name}`, scopes: ['admin'] as const })),
    { name: 'witness', token: 't-witness', scopes: ['read'] },
  ];

  /** `type actor` of every event that somebody is the cause of, about these tasks, in order. */
  async function causes({ kernel }: GuardedServer): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const event of kernel.events({})) {
      if ('actor' in event || event.type === 'graph_submitted') found.push(`${event.type} ${event.actor}`);
    }
    return found;
  }

  const life = (name: string) => [
    `graph_submitted by-${name}`,
    `task_cancelled by-${name}`,
    `task_deleted by-${name}`,
    `graph_submitted by-${name}`,
    `task_cancelled by-${name}`,
  ];

  it('over HTTP: submit, cancel and delete of a task, cancel of a graph; actions and calls of tools', async () => {
    const server = await startGuarded(ACTORS);
    const headers = bearer('t-http');
    await server.post('/tasks', { tasks: [{ id: 'a', ...TASK }] }, headers);
    await server.post('/tasks/a/cancel', {}, headers);
    expect((await fetch(`${server.url}/tasks/a`, { method: 'DELETE', headers })).status).toBe(204);
    const { body } = await server.post('/tasks', { tasks: [{ id: 'b', ...TASK }] }, headers);
    await server.post(`/graphs/${body.graph_id}/cancel`, {}, headers);
    await server.post('/adapters/actions', { action_id: 'c', action: { kind: 'os.noop', input: {} } }, headers);
    await server.post('/mcp/call', { id: 'd', tool_name: 'demo.echo', input: {} }, headers);
    expect(await causes(server)).toEqual([...life('http'), 'graph_submitted by-http', 'graph_submitted by-http']);
  });

  it('over gRPC, where the deletion cancels too', async () => {
    const server = await startGuarded(ACTORS);
    const client = new GrpcClient(server.grpc, { headers: bearer('t-grpc') });
    const { submitTasks, cancelTask, deleteTask } = ExecGo.method;
    const tasks = (id: string) => ({ tasks: [{ id, type: 'sleep', paramsJson: '{"duration_ms":60000}' }] });
    await client.call(submitTasks, tasks('a'));
    await client.call(cancelTask, { id: 'a' });
    await client.call(deleteTask, { id: 'a' });
    await client.call(submitTasks, tasks('b'));
    await client.call(deleteTask, { id: 'b' });
    expect(await causes(server)).toEqual([...life('grpc'), 'task_deleted by-grpc']);
  });

  it.each(ERAS)('over MCP, %s: a task, a graph, and the call of a tool that its client gives up', async (era) => {
    const server = await startGuarded(ACTORS);
    const client = await connectMcp(server.url, era, 't-mcp');
    const submit = async (id: string) => {
      const given = { tasks: [{ id, ...TASK }] };
      const { structuredContent } = await client.callTool({ name: 'submit_task_graph', arguments: given });
      return (structuredContent as { readonly graph_id: string }).graph_id;
    };
    await submit('a');
    await client.callTool({ name: 'cancel_task', arguments: { id: 'a' } });
    const graph_id = await submit('b');
    await client.callTool({ name: 'cancel_task', arguments: { graph_id } });
    const abort = new AbortController();
    const call = client.callTool({ name: 'os__sleep', arguments: TASK.input }, { signal: abort.signal });
    await expect.poll(() => server.kernel.stats().running).toBe(1);
    abort.abort('enough');
    await expect(call).rejects.toThrow('enough');
    await expect.poll(() => server.kernel.stats().unfinished).toBe(0);
    const pair = ['graph_submitted by-mcp', 'task_cancelled by-mcp'];
    expect(await causes(server)).toEqual([...pair, ...pair, ...pair]);
  });

  it('from the command line and the client; every way to look at events shows it', async () => {
    const server = await startGuarded(ACTORS);
    const cli = (argv: readonly string[], body?: object) => {
      const env = { EXECGO_URL: server.url, EXECGO_TOKEN: 't-cli' };
      return execgo(server.cwd, argv, env, { stdin: JSON.stringify(body) });
    };
    await cli(['submit'], { tasks: [{ id: 'a', ...TASK }] });
    await cli(['cancel', 'a']);
    const client = createClient({ url: server.url, token: 't-client' });
    await client.submit({ tasks: [{ id: 'b', ...TASK }] });
    await client.cancel('b');
    await client.remove('b');
    const { graph_id } = await client.submit({ tasks: [{ id: 'c', ...TASK }] });
    await client.cancelGraph(graph_id);
    const expected = ['graph_submitted by-cli', 'task_cancelled by-cli', ...life('client')];
    expect(await causes(server)).toEqual(expected);

    const witness = createClient({ url: server.url, token: 't-witness' });
    expect(await shownBy(witness)).toEqual(expected);
    const stream = new GrpcClient(server.grpc, { headers: bearer('t-witness') }).stream(ExecGo.method.watchTasks, {
      after: 0n,
    });
    const { lastSeq } = server.kernel.stats();
    const events = await stream.until(({ seq }) => seq === BigInt(lastSeq));
    stream.cancel();
    const shown = events.map(({ type, dataJson }) => [type, JSON.parse(dataJson || '{}').actor]);
    expect(shown.filter(([, actor]) => actor !== undefined).map((pair) => pair.join(' '))).toEqual(expected);
  });

  async function shownBy(client: ExecGoClient): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { type, ...event } of client.events({})) {
      const data = 'data' in event ? (event.data as { readonly actor?: string }) : {};
      if (data.actor !== undefined) found.push(`${type} ${data.actor}`);
    }
    return found;
  }
});

describe('one token, EXECGO_TOKEN', () => {
  it('works for HTTP (Bearer, and Basic as clients of version 1 send it), gRPC, MCP, the command line and the client alike', async () => {
    const token = 'one+for/all=';
    const env = { EXECGO_TOKEN: token };
    const server = await startTestServer({ grpcAddr: '127.0.0.1:0', sandbox: 'off' }, freshFolder(), env);
    const { url } = server;
    const grpc = String(server.grpcAddress);
    const basic = { authorization: `Basic ${Buffer.from(`me:${token}`).toString('base64')}` };
    for (const headers of [bearer(token), basic]) {
      expect((await server.get('/tasks', headers)).status).toBe(200);
      expect((await new GrpcClient(grpc, { headers }).call(ExecGo.method.metrics, {})).tasksTotal).toBe(0n);
    }
    for (const era of ERAS) {
      const client = await connectMcp(url, era, token);
      expect((await client.callTool({ name: 'list_tasks', arguments: {} })).structuredContent).toEqual({ tasks: [] });
    }
    const list = (variables: Readonly<Record<string, string>>) =>
      execgo(server.cwd, ['list'], { EXECGO_URL: url, ...variables });
    expect(await list(env)).toMatchObject({ status: 0, json: { data: { tasks: [] } } });
    expect((await list({})).json).toMatchObject({ error: { status_code: 401 } });
    expect((await createClient({ url, token }).listPage()).tasks).toEqual([]);
    await expect(createClient({ url }).listPage()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
  });
});

it('the token file that docs/access.md shows is one', () => {
  const [, shown = ''] = GUIDE.match(/tokens\.json <<'EOF'\n([\s\S]*?)\nEOF/) ?? [];
  expect(parseNamedTokens(JSON.parse(shown), 'docs/access.md').map(({ name }) => name)).toEqual([
    'ci',
    'dashboard',
    'operator',
  ]);
});
