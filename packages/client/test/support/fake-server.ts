import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Requests whose answer has not ended, and whose client is still there. */
  readonly underWay: number;
}

type Handler = (response: ServerResponse, request: SeenRequest) => void;

/** Answers the first request with the first handler, and so on; the last one answers all further ones. */
export async function startFake(...handlers: readonly [Handler, ...Handler[]]): Promise<FakeServer> {
  const seen: SeenRequest[] = [];
  let underWay = 0;
  const server = createServer(async (incoming, response) => {
    underWay += 1;
    response.on('close', () => {
      underWay -= 1;
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
    const { method, url, headers } = incoming;
    const request = { method, url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(request);
    const handler = handlers[Math.min(seen.length, handlers.length) - 1] as Handler;
    handler(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get underWay() {
      return underWay;
    },
  };
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Handler {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
}

/** Breaks the connection off without an answer. */
export const reset: Handler = (response) => {
  response.socket?.resetAndDestroy();
};
