import { ExecGoError, errorMessage } from '@execgo/core';
import type { RuntimeClock } from './options.js';
import type { RuntimeClient } from './runtime-client.js';

/** How long the runtime has to say that it is ready: less than whoever asks for health waits. In milliseconds. */
const HEALTH_TIMEOUT_MS = 500;
/** How long its answer, or its silence, is good for, in milliseconds. */
const HEALTH_FRESH_MS = 3_000;

/**
 * Whether the runtime is ready, by one look for all who ask: probes need no token, so that anybody may ask as often as they like,
 * and the runtime is to hear no more of it than one request in `HEALTH_FRESH_MS`.
 */
export class RuntimeHealth {
  private newest: Promise<void> | undefined;
  private staleAtMs = Number.POSITIVE_INFINITY;

  constructor(
    private readonly client: RuntimeClient,
    private readonly clock: RuntimeClock,
  ) {}

  /** @throws ExecGoError `unavailable` for a runtime that takes no tasks, or does not say so in time */
  check(): Promise<void> {
    if (this.newest === undefined || this.clock.monotonic() >= this.staleAtMs) {
      this.staleAtMs = Number.POSITIVE_INFINITY;
      this.newest = this.look().finally(() => {
        this.staleAtMs = this.clock.monotonic() + HEALTH_FRESH_MS;
      });
    }
    return this.newest;
  }

  private async look(): Promise<void> {
    try {
      await this.client.ready(HEALTH_TIMEOUT_MS);
    } catch (cause) {
      throw new ExecGoError('unavailable', `runtime tasks would fail now: ${errorMessage(cause)}`, { cause });
    }
  }
}
