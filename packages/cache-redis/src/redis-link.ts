import { randomUUID } from 'node:crypto';
import { ExecGoError, errorMessage } from '@execgo/core';
import type { CacheClock } from './options.js';
import type { Connect, RedisConnection } from './redis-connection.js';

export interface RedisLinkOptions {
  readonly connect: Connect;
  /** `host:port`, for messages. */
  readonly address: string;
  readonly keyPrefix: string;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly probeMinMs: number;
  readonly probeMaxMs: number;
  readonly onWarning: (message: string) => void;
  readonly clock: CacheClock;
  /** Called when Redis was lost, before any command that was under way has rejected. */
  readonly onLost: () => void;
}

/**
 * stopped ──start──► down ──probe succeeds──► up
 *                     ▲  └─probe fails: again, later┘ │
 *                     └────────── lost ◄── a command fails or is late, the connection ends
 */
type State =
  | { readonly is: 'stopped' }
  | { readonly is: 'down'; readonly cancel: () => void }
  | { readonly is: 'up'; readonly connection: RedisConnection; readonly sinceMs: number };

const STOPPED: State = { is: 'stopped' };
const PROBE_TTL_SEC = 60;

/**
 * Whether Redis can be asked right now. One command that fails or is late ends the connection for all; from there on nobody
 * waits for Redis, while a single probe with growing pauses looks for it.
 */
export class RedisLink {
  private state: State = STOPPED;
  private pauseMs: number;
  private warned = false;
  /** Rejects the commands under way. */
  private readonly waiting = new Set<(reason: ExecGoError) => void>();

  constructor(private readonly options: RedisLinkOptions) {
    this.pauseMs = options.probeMinMs;
  }

  get isUp(): boolean {
    return this.state.is === 'up';
  }

  /** Looks for Redis; resolves when the first look has ended, well or not, within `connectTimeoutMs`. */
  async start(): Promise<void> {
    if (this.state.is !== 'stopped') return;
    this.warned = false;
    this.pauseMs = this.options.probeMinMs;
    await this.probe();
  }

  /** Ends the connection and the search for one. Safe to call twice. */
  stop(): void {
    this.leave(STOPPED, 'the cache was closed');
  }

  /**
   * One command, bounded by `commandTimeoutMs`.
   *
   * @throws ExecGoError `unavailable` when it fails or is late, after which Redis counts as lost
   */
  run<T>(command: (connection: RedisConnection) => Promise<T>): Promise<T> {
    const { state } = this;
    if (state.is !== 'up') return Promise.reject(new ExecGoError('unavailable', 'Redis is not connected'));
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel();
        this.waiting.delete(fail);
      };
      const fail = (reason: ExecGoError) => {
        end();
        reject(reason);
      };
      const cancel = this.lateAfter(this.options.commandTimeoutMs, () => {
        this.lost(state, `no answer within ${this.options.commandTimeoutMs} ms`);
      });
      this.waiting.add(fail);
      command(state.connection).then(
        (value) => {
          if (!this.waiting.has(fail)) return;
          end();
          resolve(value);
        },
        (error) => this.lost(state, errorMessage(error)),
      );
    });
  }

  private async probe(): Promise<void> {
    const giveUp = new AbortController();
    const mine: State = { is: 'down', cancel: () => giveUp.abort() };
    this.state = mine;
    const { clock, connectTimeoutMs } = this.options;
    let connection: RedisConnection | undefined;
    const attempt = async () => {
      connection = await this.options.connect(giveUp.signal);
      if (giveUp.signal.aborted) return connection.end();
      await this.tryOut(connection);
      if (this.state === mine) this.connected(connection);
    };
    await new Promise<void>((resolve) => {
      const fail = (reason: string) => {
        if (this.state === mine) this.wait(reason);
      };
      const cancel = clock.after(connectTimeoutMs, () => fail(`no answer within ${connectTimeoutMs} ms`));
      // Whatever ends the attempt early does it through this signal, be it `fail` or `stop`.
      giveUp.signal.addEventListener('abort', () => {
        cancel();
        connection?.end();
        resolve();
      });
      attempt().then(
        () => {
          cancel();
          resolve();
        },
        (error) => fail(errorMessage(error)),
      );
    });
  }

  /** A Redis that answers but cannot keep anything (full, a read-only replica, the wrong rights) is of no use. */
  private async tryOut(connection: RedisConnection): Promise<void> {
    const value = randomUUID();
    const key = `${this.options.keyPrefix}probe:${value}`;
    await connection.set(key, value, PROBE_TTL_SEC);
    const [read] = await connection.get([key]);
    if (read !== value) throw new ExecGoError('unavailable', 'it does not give back what it was given');
    await connection.remove([key]);
  }

  private connected(connection: RedisConnection): void {
    const up: State = { is: 'up', connection, sinceMs: this.options.clock.monotonic() };
    this.state = up;
    this.warned = false;
    connection.onEnd(() => this.lost(up, 'the connection has ended'));
  }

  private lost(from: State, reason: string): void {
    if (this.state !== from || from.is !== 'up') return;
    const { clock, probeMinMs, probeMaxMs } = this.options;
    // One that comes and goes is asked less and less; only one that stayed gets a fresh start.
    if (clock.monotonic() - from.sinceMs >= probeMaxMs) this.pauseMs = probeMinMs;
    this.wait(reason);
  }

  /** Down, with the next probe after a pause. */
  private wait(reason: string): void {
    const pause = this.pauseMs;
    this.pauseMs = Math.min(pause * 2, this.options.probeMaxMs);
    const cancel = this.options.clock.after(pause, () => void this.probe());
    this.leave({ is: 'down', cancel }, reason);
    if (this.warned) return;
    this.warned = true;
    const { address, onWarning } = this.options;
    onWarning(`the cache is off: Redis at ${address}: ${reason}; tasks are read from the store until it is well again`);
  }

  private leave(next: State, reason: string): void {
    const { state } = this;
    this.state = next;
    if (state.is === 'down') state.cancel();
    if (state.is !== 'up') return;
    this.options.onLost();
    state.connection.end();
    const error = new ExecGoError('unavailable', `Redis: ${reason}`);
    for (const reject of [...this.waiting]) reject(error);
  }

  /** A turn later than the timer: where this process was busy, the answer may be here and only not have been read. */
  private lateAfter(ms: number, fn: () => void): () => void {
    const { clock } = this.options;
    let settled = false;
    const cancel = clock.after(ms, () =>
      clock.turn(() => {
        if (!settled) fn();
      }),
    );
    return () => {
      settled = true;
      cancel();
    };
  }
}
