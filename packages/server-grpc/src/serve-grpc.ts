import { setMaxListeners } from 'node:events';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';
import { ExecGoError } from '@execgo/core';
import { type ConnectionInjector, Server } from '@grpc/grpc-js';
import { admission } from './admission.js';
import type { Door } from './call.js';
import type { Route } from './route.js';
import { type GrpcServerOptions, type ResolvedServerOptions, resolveServerOptions } from './server-options.js';
import { execgoService } from './services/execgo-service.js';
import { healthService } from './services/health-service.js';
import { reflectionService } from './services/reflection-service.js';
import { serverCredentials } from './tls.js';

/** How long calls under way may go on once the server stops, in milliseconds. */
const DEFAULT_GRACE_MS = 10_000;

export interface CloseOptions {
  /** How long calls under way may go on, in milliseconds; then they are cut. @default 10,000 */
  readonly graceMs?: number;
}

/** A server that takes calls. */
export interface RunningGrpcServer {
  /** The address in use, also where port 0 or a name was asked for. */
  readonly address: { readonly host: string; readonly port: number };
  /**
   * Stops accepting, ends streams with UNAVAILABLE, and waits for other calls under way as long as the grace. Resolves when no
   * connection is open. Safe to call twice: the first call says how long.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves a kernel over gRPC: `execgo.v1.ExecGo`, health checking and reflection. Resolves when calls are accepted.
 *
 * @throws ConfigError for an option that cannot be used; also for a server without a token on an address beyond loopback
 * @throws ExecGoError `unavailable` when the address cannot be listened on
 */
export async function serveGrpc(options: GrpcServerOptions): Promise<RunningGrpcServer> {
  const resolved = resolveServerOptions(options);
  const credentials = serverCredentials(resolved.tls);
  const closing = new AbortController();
  // Every stream listens for it.
  setMaxListeners(0, closing.signal);
  const door: Door = { options: resolved, closing: closing.signal, admissions: new WeakMap() };
  const routes = [...execgoService(resolved), ...healthService(door), ...reflectionService()];
  const server = createGrpcServer(door, routes);
  // The connections are accepted here and not by the library: so their number has a limit, and an address that cannot be listened on
  // is told by the system's own error.
  const sockets = new Set<Socket>();
  const listener = acceptInto(server.createConnectionInjector(credentials), sockets, resolved);
  await listen(listener, resolved);

  const { address: host, port } = listener.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    address: { host, port },
    close({ graceMs = DEFAULT_GRACE_MS } = {}) {
      closed ??= drain({ server, listener, sockets, closing, graceMs });
      return closed;
    },
  };
}

function createGrpcServer(door: Door, routes: readonly Route[]): Server {
  const { limits } = door.options;
  const server = new Server({
    interceptors: [admission(door, routes)],
    'grpc.max_receive_message_length': limits.maxReceiveBytes,
    'grpc.max_send_message_length': limits.maxSendBytes,
    'grpc.max_concurrent_streams': limits.maxConcurrentStreams,
    'grpc.keepalive_time_ms': limits.keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.max_connection_idle_ms': limits.maxConnectionIdleMs,
    'grpc.enable_channelz': 0,
  });
  const definition = Object.fromEntries(routes.map((route) => [route.path, route.definition]));
  server.addService(definition, Object.fromEntries(routes.map((route) => [route.path, route.handler(door)])));
  return server;
}

function acceptInto(injector: ConnectionInjector, sockets: Set<Socket>, { limits }: ResolvedServerOptions): NetServer {
  const listener = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  listener.maxConnections = limits.maxConnections;
  return listener;
}

function listen(listener: NetServer, { address: { host, port }, logger }: ResolvedServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(new ExecGoError('unavailable', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    };
    listener.once('error', refuse);
    listener.listen(port, host, () => {
      listener.off('error', refuse);
      listener.on('error', (err) => logger.error({ err }, 'a connection could not be accepted'));
      resolve();
    });
  });
}

interface Draining {
  readonly server: Server;
  readonly listener: NetServer;
  readonly sockets: ReadonlySet<Socket>;
  readonly closing: AbortController;
  readonly graceMs: number;
}

async function drain({ server, listener, sockets, closing, graceMs }: Draining): Promise<void> {
  const unbound = new Promise<void>((resolve) => {
    listener.close(() => resolve());
  });
  closing.abort();
  // Nothing came on such a connection yet: it is not known to gRPC, or has nothing to wait for.
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  const cut = setTimeout(() => {
    server.forceShutdown();
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await new Promise<void>((resolve) => {
    server.tryShutdown(() => resolve());
  });
  await unbound;
  clearTimeout(cut);
}
