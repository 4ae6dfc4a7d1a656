import { type Access, type AccessOptions, isLoopbackAddress, resolveAccess } from '@execgo/access';
import { backgroundClock, type Clock, ConfigError, type Kernel } from '@execgo/core';
import { type GrpcLimitOptions, type ResolvedGrpcLimits, resolveLimits } from './limits.js';
import { type GrpcLogger, stderrLogger } from './logger.js';
import type { TlsOptions } from './tls.js';

/** What the server reads time from: a `Clock` fits. */
export type ServerClock = Pick<Clock, 'monotonic' | 'after' | 'turn'>;

export interface GrpcAddress {
  /** Address or name to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one. @default 50051 */
  readonly port?: number;
}

export interface GrpcServerOptions {
  /** What the methods talk to. It stays the caller's: the server never stops it. */
  readonly kernel: Kernel;
  /** Version that Health tells, with or without a leading `v`. */
  readonly version: string;
  /** Who may call. @default programs of this machine: loopback, no token */
  readonly access?: AccessOptions;
  readonly address?: GrpcAddress;
  /** @default none: the connection is not encrypted */
  readonly tls?: TlsOptions;
  readonly limits?: GrpcLimitOptions;
  /** Told why a call ended with INTERNAL, with the trace id. @default stderr */
  readonly logger?: GrpcLogger;
  /** @default the time of this process; deadlines of calls are in that time always */
  readonly clock?: ServerClock;
}

export interface ResolvedServerOptions {
  readonly kernel: Kernel;
  readonly version: string;
  readonly access: Access;
  readonly address: Required<GrpcAddress>;
  readonly tls: TlsOptions | undefined;
  readonly limits: ResolvedGrpcLimits;
  readonly logger: GrpcLogger;
  readonly clock: ServerClock;
  /** Since when the server serves, in the clock's time. */
  readonly startedAtMs: number;
}

export const DEFAULT_GRPC_ADDRESS: Required<GrpcAddress> = { host: '127.0.0.1', port: 50_051 };

const MAX_PORT = 65_535;

/** @throws ConfigError naming the option that cannot be used */
export function resolveServerOptions(options: GrpcServerOptions): ResolvedServerOptions {
  if (options.version === '') throw new ConfigError('version', 'a version number', options.version);
  const clock = options.clock ?? backgroundClock;
  const access = resolveAccess(options.access);
  return {
    kernel: options.kernel,
    version: options.version.startsWith('v') ? options.version : `v${options.version}`,
    access,
    address: resolveAddress(options.address, access),
    tls: options.tls,
    limits: resolveLimits(options.limits),
    logger: options.logger ?? stderrLogger,
    clock,
    startedAtMs: clock.monotonic(),
  };
}

function resolveAddress(address: GrpcAddress | undefined, access: Access): Required<GrpcAddress> {
  const { host, port } = { ...DEFAULT_GRPC_ADDRESS, ...address };
  if (host === '') throw new ConfigError('address.host', 'an address or a name', host);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new ConfigError('address.port', '0 to 65535', port);
  }
  if (access.loopbackOnly && !isLoopbackAddress(host)) {
    throw new ConfigError('address.host', 'a loopback address for a server that asks no token', host);
  }
  return { host, port };
}
