import type { Json, JsonObject, KernelHealth } from '@execgo/core';
import type { CallOptions } from './call-options.js';
import { ExecGoHttpError } from './errors.js';
import type { Transport } from './transport.js';

export interface WireHealth {
  /** Of the server: it answers. How the kernel is stands in `state`. */
  readonly status: 'ok';
  /** `v1.2.3`. */
  readonly version: string;
  /** `2h0m5s`. */
  readonly uptime: string;
  readonly state?: KernelHealth['state'];
  /** By part, a sentence; only for those who may call. */
  readonly problems?: Readonly<Record<string, string>>;
  /** What the server tells besides. */
  readonly [more: string]: Json | undefined;
}

export interface Readiness {
  /** The kernel takes work. */
  readonly ready: boolean;
  readonly state: KernelHealth['state'];
  readonly problems?: Readonly<Record<string, string>>;
}

/** Counters since the server started. */
export interface WireMetrics {
  readonly tasks_total: number;
  readonly tasks_running: number;
  readonly tasks_succeeded: number;
  /** Failed, cancelled and skipped. */
  readonly tasks_failed: number;
  readonly by_type: Readonly<Record<string, number>>;
}

/** The calls that tell how the server is. */
export interface ServerCalls {
  health(options?: CallOptions): Promise<WireHealth>;
  /** Asked once: that a server is not ready is the answer. @throws ExecGoUnreachableError where there is none */
  ready(options?: CallOptions): Promise<Readiness>;
  metrics(options?: CallOptions): Promise<WireMetrics>;
  /** All figures, in the text format of Prometheus. */
  prometheus(options?: CallOptions): Promise<string>;
  /** The OpenAPI document of this server. */
  openapi(options?: CallOptions): Promise<JsonObject>;
}

export function serverCalls(transport: Transport): ServerCalls {
  return {
    health: async ({ signal } = {}) => transport.object({ path: '/health', signal }),
    ready: async ({ signal } = {}) => ready(transport, signal),
    metrics: async ({ signal } = {}) => transport.object({ path: '/metrics', signal }),
    prometheus: async ({ signal } = {}) =>
      transport.send({ path: '/metrics', headers: { Accept: 'text/plain' }, signal }, (response) => response.text()),
    openapi: async ({ signal } = {}) => transport.object({ path: '/openapi.json', signal }),
  };
}

async function ready(transport: Transport, signal: AbortSignal | undefined): Promise<Readiness> {
  try {
    await transport.objectOnce({ path: '/readyz', signal }, () => true);
    return { ready: true, state: 'ok' };
  } catch (error) {
    if (!(error instanceof ExecGoHttpError) || error.code !== 'unavailable' || error.details === undefined) throw error;
    return { ready: false, ...(error.details as unknown as Omit<Readiness, 'ready'>) };
  }
}
