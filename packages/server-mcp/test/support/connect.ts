import { PassThrough } from 'node:stream';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { onTestFinished } from 'vitest';
import {
  createMcpHandler,
  type McpHandler,
  type McpHandlerOptions,
  type McpServerOptions,
  type McpStdioServer,
  serveMcpStdio,
} from '../../src/index.js';
import type { Door, Era } from './eras.js';

export const URL_OF_TESTS = 'http://127.0.0.1:8080/mcp';

/** Hands a request to a handler as a listener on loopback would. */
export function fetchOf(handler: McpHandler, extra: Readonly<Record<string, string>> = {}): typeof fetch {
  return (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set('host', new URL(String(url)).host);
    for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    return handler.fetch(new Request(url as string, { ...init, headers }), { peer: '127.0.0.1' });
  };
}

export async function useClient(transport: Transport, era: Era): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
  );
  await client.connect(transport);
  onTestFinished(() => client.close());
  return client;
}

export function useHandler(options: McpHandlerOptions): McpHandler {
  const handler = createMcpHandler(options);
  onTestFinished(() => handler.close());
  return handler;
}

export function overHttp(handler: McpHandler, era: Era, headers?: Readonly<Record<string, string>>): Promise<Client> {
  return useClient(new StreamableHTTPClientTransport(new URL(URL_OF_TESTS), { fetch: fetchOf(handler, headers) }), era);
}

export interface StdioPair {
  readonly server: McpStdioServer;
  readonly client: Client;
  readonly transport: Transport;
}

export async function overStdio(options: McpServerOptions, era: Era): Promise<StdioPair> {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const server = serveMcpStdio({ ...options, stdin, stdout });
  onTestFinished(() => server.close());
  const { LineTransport } = await import('./line-transport.js');
  const transport = new LineTransport(stdout, stdin);
  return { server, client: await useClient(transport, era), transport };
}

/** A client by either door. */
export async function connect(options: McpServerOptions, { door, era }: { door: Door; era: Era }): Promise<Client> {
  if (door === 'http') return overHttp(useHandler(options), era);
  return (await overStdio(options, era)).client;
}
