import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { freshTraceId, isLoopbackAddress } from '@execgo/access';
import { ConfigError, ExecGoError, errorMessage } from '@execgo/core';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import type { Hono } from 'hono';
import { CLOSING } from './bindings.js';
import { needsLoopback } from './loopback-apps.js';
import { refuseConnection, transportError } from './raw-answer.js';
import { type ResolvedServeOptions, resolveServeOptions, type ServeOptions } from './serve-options.js';

/** How often a listener that is closing looks for connections that have become idle. */
const SWEEP_MS = 20;

/** A listener that accepts requests. */
export interface RunningServer {
  /** The address in use, also where port 0 or a name was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /**
   * Stops accepting, ends event streams and long polls (these answer what is), and waits for the other requests under way, as
   * long as `drainTimeoutMs`; then it cuts what is left. Resolves when no connection is open. Safe to call twice.
   */
  close(): Promise<void>;
}

/**
 * Listens on this machine for a Hono app: ours, or one that ours is mounted in. Resolves when requests are accepted.
 *
 * @throws ConfigError for an option that cannot be used; also for an app without a token on an address beyond loopback
 * @throws ExecGoError `unavailable` when the address cannot be listened on
 */
export async function serve(app: Hono, options: ServeOptions = {}): Promise<RunningServer> {
  const resolved = resolveServeOptions(options);
  if (needsLoopback(app) && !isLoopbackAddress(resolved.hostname)) {
    throw new ConfigError('hostname', 'a loopback address for an app that asks no token', resolved.hostname);
  }
  const closing = new AbortController();
  const server = createListener(app, closing.signal, resolved);
  const sockets = openSockets(server);
  await listen(server, resolved);

  const { address: host, port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    address: { host, port },
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    close() {
      closed ??= drain(server, sockets, closing, resolved.drainTimeoutMs);
      return closed;
    },
  };
}

function createListener(app: Hono, closing: AbortSignal, options: ResolvedServeOptions): Server {
  const answer = getRequestListener(
    (request, env) => app.fetch(request, Object.assign(env as HttpBindings, { [CLOSING]: closing })),
    // A request without Host gets this one in its URL only; the app sees that the header is missing, and judges.
    { hostname: 'localhost', errorHandler: unreadableRequest },
  );
  const server = createServer({
    headersTimeout: options.headersTimeoutMs,
    requestTimeout: options.requestTimeoutMs,
    connectionsCheckingInterval: options.timeoutCheckMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    maxHeaderSize: options.maxHeaderBytes,
    requireHostHeader: false,
    keepAlive: true,
    noDelay: true,
  });
  server.maxConnections = options.maxConnections;
  server.on('clientError', refuseConnection);
  server.on('request', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (closing.aborted) outgoing.shouldKeepAlive = false;
    void answer(incoming, outgoing);
  });
  return server;
}

/** What the host could not make a request of: an invalid Host, a backslash in the path. */
function unreadableRequest(error: unknown): Response {
  const traceId = freshTraceId();
  const headers = { 'Content-Type': 'application/json', 'X-Trace-ID': traceId };
  return new Response(transportError(`malformed HTTP request: ${errorMessage(error)}`, traceId), {
    status: 400,
    headers,
  });
}

function listen(server: Server, { hostname, port, logger }: ResolvedServeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(new ExecGoError('unavailable', `cannot listen on ${hostname}:${port}: ${cause.message}`, { cause }));
    };
    server.once('error', refuse);
    server.listen(port, hostname, () => {
      server.off('error', refuse);
      server.on('error', (err) => logger.error({ err }, 'a connection could not be accepted'));
      resolve();
    });
  });
}

function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function drain(
  server: Server,
  sockets: ReadonlySet<Socket>,
  closing: AbortController,
  drainTimeoutMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    // A connection that carries a request now becomes idle after it, and would then be kept for another one. One on which
    // nothing came yet (clients open them in advance) does not count as idle for Node.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, SWEEP_MS);
    const cut = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    closing.abort();
  });
}
