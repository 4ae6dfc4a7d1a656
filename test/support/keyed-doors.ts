import { createClient, ExecGoHttpError, type TaskGraphInput } from '@execgo/client';
import { execgo } from '../../apps/execgo/test/support/command-line.js';
import { connectMcp, type Era } from '../../apps/execgo/test/support/mcp-client.js';
import { ExecGo } from '../../packages/server-grpc/src/gen/execgo/v1/execgo_pb.js';
import { GrpcClient } from '../../packages/server-grpc/test/support/client.js';

/** Where a server is, and a folder to call it from. */
export interface Endpoints {
  readonly url: string;
  readonly grpc: string;
  readonly folder: string;
}

export interface KeyedCall {
  readonly at: Endpoints;
  readonly token: string;
  readonly key: string;
  /** Makes the name of the tasks, where the caller names them. */
  readonly name: string;
  /** What the tasks are about: with another one it is another graph. */
  readonly message: string;
}

/** What a submission was answered with, or the code of its error. */
export type Outcome = Readonly<Record<string, unknown>> | string;
/** One way to submit with a key. */
export type Submit = (call: KeyedCall) => Promise<Outcome>;

/** Doors that take a whole graph as it is. */
export const GRAPH_DOORS: Readonly<Record<string, Submit>> = {
  'POST /tasks': (call) => post(call, '/tasks', graphOf(call)),
  'POST /adapters/actions with task_graph.submit': async (call) => {
    const action = { kind: 'task_graph.submit', input: graphOf(call) };
    return receiptOf(await post(call, '/adapters/actions', { action }));
  },
  'gRPC SubmitTasks': viaGrpc,
  'MCP submit_task_graph, 2025-11-25': (call) => viaMcpGraph(call, '2025-11-25'),
  'MCP submit_task_graph, 2026-07-28': (call) => viaMcpGraph(call, '2026-07-28'),
  'execgo submit': (call) => viaCommand(call, 'submit', graphOf(call)),
  'client.submit': (call) => viaClient(call, (client, options) => client.submit(graphOf(call), options)),
};

/** Doors that make a task of an action. */
export const ACTION_DOORS: Readonly<Record<string, Submit>> = {
  'POST /adapters/actions': async (call) => receiptOf(await post(call, '/adapters/actions', actionOf(call))),
  'execgo act': async (call) => receiptOf(await viaCommand(call, 'act', actionOf(call))),
  'client.act': async (call) =>
    receiptOf(await viaClient(call, (client, options) => client.act(actionOf(call), options))),
};

/** Doors that make a task of the call of a tool. */
export const TOOL_DOORS: Readonly<Record<string, Submit>> = {
  'POST /mcp/call': async (call) => {
    const { message } = call;
    const handle = await post(call, '/mcp/call', { tool_name: 'demo.echo', input: { message } });
    return typeof handle === 'string' ? handle : { handle_id: handle.handle_id };
  },
  'MCP os__noop': async ({ at, token, key, message }) => {
    const client = await mcpClient(at, '2026-07-28', token);
    const answer = await client.callTool({ name: 'os__noop', arguments: { message, idempotency_key: key } });
    const { _meta: task, isError } = answer;
    return isError === true ? mcpOutcome(answer) : { ...task };
  },
};

/** One task in the form of the first version, and one with all that a graph can say. */
function tasksOf({ name, message }: KeyedCall) {
  return {
    first: { id: `${name}-a`, type: 'noop', params: { message } },
    second: {
      id: `${name}-b`,
      type: 'os',
      tool_name: 'noop',
      input: { message },
      depends_on: [`${name}-a`],
      retry: 2,
      timeout: 60_000,
      priority: -5,
      annotations: { about: 'keys' },
      on_interrupt: 'fail' as const,
    },
  };
}

function graphOf(call: KeyedCall): TaskGraphInput {
  const { first, second } = tasksOf(call);
  return { tasks: [first, second] };
}

function actionOf({ message }: KeyedCall) {
  return { adapter: 'codex', action: { kind: 'os.noop', input: { message } } };
}

async function viaGrpc(call: KeyedCall): Promise<Outcome> {
  const { first, second } = tasksOf(call);
  const tasks = [
    { id: first.id, type: first.type, paramsJson: JSON.stringify(first.params) },
    {
      id: second.id,
      type: second.type,
      toolName: second.tool_name,
      inputJson: JSON.stringify(second.input),
      dependsOn: second.depends_on,
      retry: second.retry,
      timeoutMs: BigInt(second.timeout),
      priority: second.priority,
      annotations: second.annotations,
      onInterrupt: second.on_interrupt,
    },
  ];
  const headers = { authorization: `Bearer ${call.token}`, 'idempotency-key': call.key };
  const client = new GrpcClient(call.at.grpc);
  try {
    const { accepted, taskIds, graphId } = await client.call(ExecGo.method.submitTasks, { tasks }, headers);
    return { accepted, task_ids: taskIds, graph_id: graphId };
  } catch (error) {
    const { end } = error as { readonly end?: { readonly trailers: Readonly<Record<string, string>> } };
    if (end?.trailers.code === undefined) throw error;
    return end.trailers.code;
  } finally {
    client.close();
  }
}

async function viaMcpGraph(call: KeyedCall, era: Era): Promise<Outcome> {
  const client = await mcpClient(call.at, era, call.token);
  const given = { ...graphOf(call), idempotency_key: call.key };
  return receiptOf(mcpOutcome(await client.callTool({ name: 'submit_task_graph', arguments: given })));
}

const mcpClients = new Map<string, ReturnType<typeof connectMcp>>();

/** Connected once, as an agent would be. */
function mcpClient({ url }: Endpoints, era: Era, token: string): ReturnType<typeof connectMcp> {
  const name = `${url} ${era} ${token}`;
  const client = mcpClients.get(name) ?? connectMcp(url, era, token);
  mcpClients.set(name, client);
  return client;
}

function mcpOutcome({ structuredContent, isError }: Readonly<Record<string, unknown>>): Outcome {
  const content = structuredContent as { readonly error?: { readonly code: string } };
  return isError === true ? String(content.error?.code) : { ...content };
}

async function viaCommand({ at, token, key }: KeyedCall, command: string, body: object): Promise<Outcome> {
  const env = { EXECGO_URL: at.url, EXECGO_TOKEN: token };
  const argv = [command, '--idempotency-key', key];
  const { json, stderr } = await execgo(at.folder, argv, env, { stdin: JSON.stringify(body) });
  if (json === undefined) throw new Error(stderr);
  if (json.data !== undefined) return json.data;
  const { code } = (json.error?.body ?? {}) as { readonly code?: string };
  return code ?? stderr;
}

async function viaClient(
  { at, token, key }: KeyedCall,
  ask: (client: ReturnType<typeof createClient>, options: { readonly idempotencyKey: string }) => Promise<object>,
): Promise<Outcome> {
  try {
    return { ...(await ask(createClient({ url: at.url, token }), { idempotencyKey: key })) };
  } catch (error) {
    if (!(error instanceof ExecGoHttpError) || error.code === undefined) throw error;
    return error.code;
  }
}

async function post({ at, token, key }: KeyedCall, path: string, body: object): Promise<Outcome> {
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, 'Idempotency-Key': key };
  const response = await fetch(at.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = JSON.parse(await response.text());
  return response.status === 202 ? answer : String(answer.code);
}

/** The receipt alone, of an answer that shows the tasks too, which go on. */
function receiptOf(outcome: Outcome): Outcome {
  if (typeof outcome === 'string') return outcome;
  const { accepted, task_ids, graph_id } = outcome;
  return { accepted, task_ids, graph_id };
}
