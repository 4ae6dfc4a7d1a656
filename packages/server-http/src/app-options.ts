import { type Access, type AccessOptions, resolveAccess } from '@execgo/access';
import {
  backgroundClock,
  type Clock,
  ConfigError,
  type JsonObject,
  type Kernel,
  type SkillCatalogue,
} from '@execgo/core';
import { type HttpLogger, stderrLogger } from './logger.js';
import type { Metric } from './metric.js';

/** What the server reads time from: a `Clock` fits. */
export type ServerClock = Pick<Clock, 'monotonic' | 'after' | 'turn'>;

export interface LimitOptions {
  /** Largest request body, in bytes. @default 8 MiB */
  readonly maxBodyBytes?: number;
  /** Largest `limit` a listing may ask for. @default 1000 */
  readonly maxPageItems?: number;
  /** Longest reason of a cancellation, in characters. @default 1000 */
  readonly maxReasonLength?: number;
  /** Tasks or events that a stream encodes in one turn of the event loop, so that it never holds up others. @default 250 */
  readonly streamBatchItems?: number;
  /** Most bytes of a captured stream that stand in the JSON answer itself. @default 64 KiB */
  readonly inlineOutputBytes?: number;
  /** Pause in an event stream after which a comment is sent, so that proxies keep it open, in milliseconds. @default 15,000 */
  readonly heartbeatMs?: number;
}

export type ResolvedLimits = Required<LimitOptions>;

export const DEFAULT_LIMITS: ResolvedLimits = {
  maxBodyBytes: 8 * 1024 * 1024,
  maxPageItems: 1000,
  maxReasonLength: 1000,
  streamBatchItems: 250,
  inlineOutputBytes: 64 * 1024,
  heartbeatMs: 15_000,
};

/** What a door is told about a request, beside the request. */
export interface DoorContext {
  /** Address at the other end of the connection, where the host shows it. */
  readonly peer: string | undefined;
  /** Aborts when the listener stops: streams end then. */
  readonly closing: AbortSignal | undefined;
}

/** Another protocol on a path of its own, beside the routes of this one. */
export interface Door {
  /** Exactly this path, such as `/mcp`. */
  readonly path: string;
  /** Answers every method. Who may call is for the door to ask, and `X-Trace-ID` for it to set. */
  fetch(request: Request, context: DoorContext): Response | Promise<Response>;
}

export interface AppOptions {
  /** What the routes talk to. It stays the caller's: the app never stops it. */
  readonly kernel: Kernel;
  /** Version that `/health` tells, with or without a leading `v`. */
  readonly version: string;
  /** What `/skills` shows. @default no skills */
  readonly skills?: SkillCatalogue;
  /** Who may call. @default programs of this machine: loopback, no token */
  readonly access?: AccessOptions;
  readonly limits?: LimitOptions;
  /** Further protocols under paths of their own. @default none */
  readonly doors?: readonly Door[];
  /** What else `/health` tells to those who may call, such as what is in force; asked for every time. @default nothing */
  readonly about?: () => JsonObject;
  /** What else the Prometheus form of `/metrics` tells; asked for every time. The JSON form is not changed by it. @default nothing */
  readonly metrics?: () => readonly Metric[];
  /** Told why an answer was 500 and why a stream broke off, with the trace id. @default stderr */
  readonly logger?: HttpLogger;
  /** @default the time of this process */
  readonly clock?: ServerClock;
}

export interface ResolvedOptions {
  readonly kernel: Kernel;
  readonly version: string;
  readonly skills?: SkillCatalogue;
  readonly access: Access;
  readonly limits: ResolvedLimits;
  readonly doors: readonly Door[];
  readonly about: () => JsonObject;
  readonly metrics: () => readonly Metric[];
  readonly logger: HttpLogger;
  readonly clock: ServerClock;
  /** Since when the app serves, in the clock's time. */
  readonly startedAtMs: number;
}

/** @throws ConfigError naming the option that cannot be used */
export function resolveAppOptions(options: AppOptions): ResolvedOptions {
  if (options.version === '') throw new ConfigError('version', 'a version number', options.version);
  const clock = options.clock ?? backgroundClock;
  return {
    kernel: options.kernel,
    version: options.version.startsWith('v') ? options.version : `v${options.version}`,
    ...(options.skills !== undefined && { skills: options.skills }),
    access: resolveAccess(options.access),
    limits: resolveLimits(options.limits ?? {}),
    doors: options.doors ?? [],
    about: options.about ?? (() => ({})),
    metrics: options.metrics ?? (() => []),
    logger: options.logger ?? stderrLogger,
    clock,
    startedAtMs: clock.monotonic(),
  };
}

function resolveLimits(options: LimitOptions): ResolvedLimits {
  const limits = { ...DEFAULT_LIMITS, ...options };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new ConfigError(`limits.${name}`, 'a positive integer', value);
  }
  return limits;
}
