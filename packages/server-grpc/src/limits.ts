import { ConfigError } from '@execgo/core';

export interface GrpcLimitOptions {
  /** Largest message that is taken, in bytes, after decompression. @default 8 MiB */
  readonly maxReceiveBytes?: number;
  /** Largest message that is sent, in bytes; a listing without a page size that is larger is refused. @default 64 MiB */
  readonly maxSendBytes?: number;
  /** Largest `page_size` a listing may ask for. @default 1000 */
  readonly maxPageItems?: number;
  /** Bytes of tasks after which a page ends, so that it fits into what clients take by default (4 MiB). @default 3 MiB */
  readonly pageBytes?: number;
  /** Longest reason of a cancellation, in characters. @default 1000 */
  readonly maxReasonLength?: number;
  /** Tasks or events that are encoded in one turn of the event loop, so that others are never held up. @default 250 */
  readonly batchItems?: number;
  /** Bytes of a stream that wait for a slow reader before no further event is fetched for it. @default 64 KiB */
  readonly streamBufferBytes?: number;
  /** Calls at once on one connection; further ones wait at the client. @default 100 */
  readonly maxConcurrentStreams?: number;
  /** Connections at once; further ones are closed at once. @default 10,000 */
  readonly maxConnections?: number;
  /** How often a connection is asked whether its client is still there, in milliseconds. @default 60,000 */
  readonly keepaliveTimeMs?: number;
  /** How long the client has to answer that, in milliseconds; then the connection is closed. @default 20,000 */
  readonly keepaliveTimeoutMs?: number;
  /** How long a connection without a call is kept, in milliseconds. @default 300,000 */
  readonly maxConnectionIdleMs?: number;
  /** How often `grpc.health.v1.Health/Watch` asks the kernel, in milliseconds. @default 1000 */
  readonly healthPollMs?: number;
}

export type ResolvedGrpcLimits = Required<GrpcLimitOptions>;

export const DEFAULT_GRPC_LIMITS: ResolvedGrpcLimits = {
  maxReceiveBytes: 8 * 1024 * 1024,
  maxSendBytes: 64 * 1024 * 1024,
  maxPageItems: 1000,
  pageBytes: 3 * 1024 * 1024,
  maxReasonLength: 1000,
  batchItems: 250,
  streamBufferBytes: 64 * 1024,
  maxConcurrentStreams: 100,
  maxConnections: 10_000,
  keepaliveTimeMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  maxConnectionIdleMs: 300_000,
  healthPollMs: 1000,
};

/** What timers and HTTP/2 settings can hold. */
const MAX_LIMIT = 2 ** 31 - 1;

/** @throws ConfigError naming the limit that cannot be used */
export function resolveLimits(options: GrpcLimitOptions = {}): ResolvedGrpcLimits {
  const limits = { ...DEFAULT_GRPC_LIMITS, ...options };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1 || value > MAX_LIMIT) {
      throw new ConfigError(`limits.${name}`, `an integer from 1 to ${MAX_LIMIT}`, value);
    }
  }
  return limits;
}
