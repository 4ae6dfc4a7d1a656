import { type ToolFilter, toolFilter } from '@execgo/adapter';
import { backgroundClock, type Clock, ConfigError, type Kernel } from '@execgo/core';
import { type McpLogger, stderrLogger } from './logger.js';

/** What the server reads time from: a `Clock` fits. */
export type McpClock = Pick<Clock, 'monotonic' | 'after' | 'turn'>;

export interface McpLimitOptions {
  /** Sessions of clients of 2025-11-25 and earlier at once. Beyond it the one that was idle longest is ended. @default 1000 */
  readonly maxSessions?: number;
  /** How long a session without a request or an open stream is kept, in milliseconds. @default 3,600,000 (an hour) */
  readonly sessionIdleMs?: number;
  /** Streams of `subscriptions/listen` at once. @default 1000 */
  readonly maxSubscriptions?: number;
  /** Largest message, in bytes. @default 8 MiB */
  readonly maxMessageBytes?: number;
  /** How long `wait_task` waits where the call does not say, in milliseconds. @default 30,000 */
  readonly defaultWaitMs?: number;
  /** How long `wait_task` may be asked to wait, in milliseconds. @default 300,000 */
  readonly maxWaitMs?: number;
  /** Tasks in one answer of `list_tasks` where the call does not say. @default 20 */
  readonly defaultListItems?: number;
  /** Most tasks in one answer of `list_tasks`, and of a graph in one of `wait_task`. @default 100 */
  readonly maxListItems?: number;
  /** Shortest time between two progress notifications of a call, in milliseconds; of what comes between, the newest is sent. @default 100 */
  readonly progressIntervalMs?: number;
  /** Silence after which a call that reports progress says that it is still under way, in milliseconds. @default 10,000 */
  readonly progressSilenceMs?: number;
  /** Pause in a stream after which a comment is sent, so that proxies keep it open, in milliseconds. @default 15,000 */
  readonly heartbeatMs?: number;
  /**
   * How long calls under way may take once the client has closed its end of the pipe, in milliseconds; over stdio alone. Then they
   * are answered with what there is. @default 5,000
   */
  readonly drainMs?: number;
}

export type ResolvedLimits = Required<McpLimitOptions>;

export const DEFAULT_MCP_LIMITS: ResolvedLimits = {
  maxSessions: 1000,
  sessionIdleMs: 3_600_000,
  maxSubscriptions: 1000,
  maxMessageBytes: 8 * 1024 * 1024,
  defaultWaitMs: 30_000,
  maxWaitMs: 300_000,
  defaultListItems: 20,
  maxListItems: 100,
  progressIntervalMs: 100,
  progressSilenceMs: 10_000,
  heartbeatMs: 15_000,
  drainMs: 5000,
};

/** What both doors take: over HTTP and over stdio. */
export interface McpServerOptions {
  /** What the tools talk to. It stays the caller's: a door never stops it. */
  readonly kernel: Kernel;
  /** Version that the server tells of itself. */
  readonly version: string;
  /**
   * Which tools are offered: names, or globs with `*` and `?`; one that begins with `!` takes away. Where there is none but
   * such, they take away from all. @default all tools
   */
  readonly tools?: readonly string[];
  readonly limits?: McpLimitOptions;
  /** @default errors on stderr */
  readonly logger?: McpLogger;
  /** @default the time of this process */
  readonly clock?: McpClock;
}

export interface ResolvedOptions {
  readonly kernel: Kernel;
  readonly version: string;
  readonly offers: ToolFilter;
  readonly limits: ResolvedLimits;
  readonly logger: McpLogger;
  readonly clock: McpClock;
}

/** @throws ConfigError naming the option that cannot be used */
export function resolveOptions(options: McpServerOptions): ResolvedOptions {
  const { kernel, version, tools, limits = {}, logger = stderrLogger, clock = backgroundClock } = options;
  if (version === '') throw new ConfigError('version', 'a version number', version);
  return { kernel, version, offers: toolFilter(tools), limits: resolveLimits(limits), logger, clock };
}

function resolveLimits(options: McpLimitOptions): ResolvedLimits {
  const limits = { ...DEFAULT_MCP_LIMITS, ...options };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new ConfigError(`limits.${name}`, 'a positive integer', value);
  }
  if (limits.defaultWaitMs > limits.maxWaitMs) {
    throw new ConfigError('limits.defaultWaitMs', `at most maxWaitMs (${limits.maxWaitMs})`, limits.defaultWaitMs);
  }
  if (limits.defaultListItems > limits.maxListItems) {
    throw new ConfigError(
      'limits.defaultListItems',
      `at most maxListItems (${limits.maxListItems})`,
      limits.defaultListItems,
    );
  }
  return limits;
}
