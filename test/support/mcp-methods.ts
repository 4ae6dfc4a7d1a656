import type { connectMcp } from '../../apps/execgo/test/support/mcp-client.js';

/** Every request that some version of the protocol lets a client send. */
export const PROTOCOL_METHODS = [
  'initialize',
  'ping',
  'server/discover',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
  'subscriptions/listen',
  'tasks/list',
  'tasks/get',
  'tasks/result',
  'tasks/cancel',
] as const;
export type ProtocolMethod = (typeof PROTOCOL_METHODS)[number];

export interface RawAnswer {
  readonly status: number;
  readonly body: { readonly result?: unknown; readonly error?: unknown };
}

/** One message to `/mcp`, as nobody's client would send it. */
export async function postMessage(
  url: string,
  method: ProtocolMethod,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  const answer = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: 'list_tasks', arguments: {} } }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

/** Takes whatever comes. */
const ANYTHING = {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
} as const;

/** Sends a request that the client has no call for; whether it was answered, and not with an error. */
export async function isAnswered(
  client: Awaited<ReturnType<typeof connectMcp>>,
  method: ProtocolMethod,
): Promise<boolean> {
  const params = { uri: 'file:///a', name: 'a', level: 'info', taskId: 'a' };
  try {
    await client.request({ method, params }, ANYTHING);
    return true;
  } catch (error) {
    // What this version of the protocol does not have, the client does not send.
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
