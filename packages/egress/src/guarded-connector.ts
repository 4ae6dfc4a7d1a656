import { isIP } from 'node:net';
import { ExecGoError } from '@execgo/core';
import type { buildConnector } from 'undici';
import type { EgressGuard } from './egress-guard.js';

type Connector = buildConnector.connector;
type Socket = NonNullable<Parameters<Parameters<Connector>[1]>[1]>;

/**
 * Connects as undici does, but only to addresses that the guard has resolved and allowed. Wraps the connector, since undici's
 * own `lookup` option is not called for hosts that are literal addresses.
 */
export function guardedConnector(guard: EgressGuard, timeoutMs: number): Connector {
  // Not loaded before somebody connects: undici takes longer to load than the rest of a server.
  let made: Promise<Connector> | undefined;
  const connector = async () => (await import('undici')).buildConnector({ timeout: timeoutMs });
  return (options, callback) => {
    made ??= connector();
    made
      .then((connect) => dial(guard, connect, options))
      .then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
  };
}

async function dial(guard: EgressGuard, connect: Connector, options: buildConnector.Options): Promise<Socket> {
  const { hostname } = options;
  const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80);
  // TLS still has to ask for, and check, the name.
  const servername = options.servername || (isIP(hostname.replace(/^\[|\]$/g, '')) ? undefined : hostname);
  let failure: unknown;
  for (const address of await guard.resolve(hostname, port)) {
    try {
      const named = servername === undefined ? {} : { servername };
      const socket = await connectTo(connect, { ...options, ...named, hostname: address });
      try {
        guard.checkConnected(socket.remoteAddress ?? '', hostname, port);
        return socket;
      } catch (error) {
        socket.destroy();
        throw error;
      }
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new ExecGoError('external_failure', `${hostname} has no address`);
}

function connectTo(connect: Connector, options: buildConnector.Options): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connect(options, (error, socket) => {
      // On an error undici passes that alone.
      if (socket) resolve(socket);
      else reject(error);
    });
  });
}
