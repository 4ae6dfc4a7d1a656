import { ExecGoError } from '@execgo/core';
import { type RunningServer, serve } from '@execgo/server-http';
import { describeAddress } from './policy.js';
import type { ListenAddress } from './settings/kinds.js';

type App = Parameters<typeof serve>[0];

const EVERY_INTERFACE = '::';
const EVERY_IPV4_INTERFACE = '0.0.0.0';
/** What a machine without IPv6 answers to `::`. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

/** @throws ExecGoError `unavailable` when the address cannot be listened on, in a sentence that says what to do */
export async function listen(app: App, addr: ListenAddress): Promise<RunningServer> {
  return listenWith(addr, '--addr', (hostname, port) => serve(app, { port, hostname }));
}

/**
 * Starts what listens, on every interface where no host is named.
 *
 * @param flag the setting of the address, for messages
 * @throws ExecGoError as `listen`
 */
export async function listenWith<T>(
  addr: ListenAddress,
  flag: string,
  start: (host: string, port: number) => Promise<T>,
): Promise<T> {
  const { host, port } = addr;
  try {
    return await start(host ?? EVERY_INTERFACE, port);
  } catch (error) {
    const code = systemCode(error);
    if (host === undefined && NO_IPV6.has(code)) return start(EVERY_IPV4_INTERFACE, port);
    throw explained(error, code, describeAddress(addr), flag);
  }
}

function systemCode(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : '';
}

function explained(cause: unknown, code: string, address: string, flag: string): unknown {
  if (code === 'EADDRINUSE') {
    const advice = `stop it, or choose another address with ${flag}`;
    return new ExecGoError('unavailable', `the address ${address} is in use by another program: ${advice}`, { cause });
  }
  if (code === 'EACCES') {
    const advice = `ports below 1024 are often reserved; choose another one with ${flag}`;
    return new ExecGoError('unavailable', `this user may not listen on ${address}: ${advice}`, { cause });
  }
  return cause;
}
