import { type Clock, ExecGoError, errorMessage, isExecGoError } from '@execgo/core';
import { backOffMs } from './back-off.js';
import { untilAborted } from './until-aborted.js';

/** A live connection, as the supervision of it sees it. */
export interface Session {
  /** Set by the supervisor, called once when the other side is gone. */
  onLost?: () => void;
  /** Ends it, and with a child process all that it started. Never rejects. */
  close(): Promise<void>;
}

/** A session for as long as it is needed; whoever got one gives it back. */
export interface Lease<S extends Session> {
  readonly session: S;
  /** The session is of no use any more: others get a new one, and it is closed when nobody holds it. */
  retire(): void;
  release(): void;
}

export interface ConnectionOptions<S extends Session> {
  /** Names the server in messages. */
  readonly name: string;
  /** One start. Ends by itself in time, and when the signal aborts; leaves nothing behind when it rejects. */
  readonly open: (signal: AbortSignal) => Promise<S>;
  readonly restart: { readonly maxAttempts: number; readonly baseMs: number; readonly maxMs: number };
  /** Longest wait of one caller for a session, back-off included. */
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number | undefined;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly random?: () => number;
  readonly onNote?: (message: string) => void;
}

type State<S> =
  | { readonly name: 'idle' }
  | { readonly name: 'connecting'; readonly done: Promise<S> }
  | { readonly name: 'ready'; readonly session: S }
  | { readonly name: 'backoff' | 'broken'; readonly untilMs: number; readonly error: ExecGoError }
  | { readonly name: 'closed' };

export type ConnectionStateName = State<unknown>['name'];

/**
 * The one connection to a server, made when it is first needed:
 *
 *   idle ─ asked ─► connecting ─ started ─► ready ─ lost, retired, idle for too long ─► idle
 *                       │ failed
 *                       ├─► backoff ─ asked once the wait is over ─► connecting
 *                       └─► broken (after maxAttempts in a row) ─ asked once maxMs have passed ─► connecting
 *   any ─ close ─► closed
 *
 * All who ask while it connects share that one start, and its failure. In `backoff` a caller waits for the next start, but
 * never longer than `connectTimeoutMs`; in `broken` it fails at once. A start that succeeds forgets the failures.
 */
export class ServerConnection<S extends Session> {
  private state: State<S> = { name: 'idle' };
  private failures = 0;
  private readonly leases = new Map<S, number>();
  /** Sessions that nobody gets any more, being closed. */
  private readonly ending = new Set<Promise<void>>();
  private readonly closing = new AbortController();
  private cancelIdle: (() => void) | undefined;

  constructor(private readonly options: ConnectionOptions<S>) {}

  get stateName(): ConnectionStateName {
    return this.state.name;
  }

  /** Why it cannot be used now; undefined when it can, or might. */
  get trouble(): ExecGoError | undefined {
    return this.state.name === 'backoff' || this.state.name === 'broken' ? this.state.error : undefined;
  }

  /** Whether a start would be tried at once, or has been. */
  get isWaiting(): boolean {
    const { state } = this;
    return (state.name === 'backoff' || state.name === 'broken') && state.untilMs > this.options.clock.monotonic();
  }

  /**
   * A session to use, made if there is none.
   *
   * @throws the signal's reason, or an ExecGoError saying why there is none
   */
  async lease(signal?: AbortSignal): Promise<Lease<S>> {
    const session = await this.session(signal);
    this.cancelIdle?.();
    this.cancelIdle = undefined;
    this.leases.set(session, (this.leases.get(session) ?? 0) + 1);
    let isHeld = true;
    return {
      session,
      retire: () => this.retire(session),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.released(session);
      },
    };
  }

  /** Ends it for good, with everything that was started. Resolves when all of it is gone. */
  async close(): Promise<void> {
    const { state } = this;
    this.set({ name: 'closed' });
    this.cancelIdle?.();
    this.closing.abort(closedError(this.options.name));
    if (state.name === 'connecting') {
      await state.done.then(
        (session) => this.end(session),
        () => undefined,
      );
    }
    if (state.name === 'ready') this.end(state.session);
    await Promise.all(this.ending);
  }

  private async session(signal: AbortSignal | undefined): Promise<S> {
    const { clock, connectTimeoutMs, name } = this.options;
    const giveUpAt = clock.monotonic() + connectTimeoutMs;
    for (;;) {
      signal?.throwIfAborted();
      const { state } = this;
      switch (state.name) {
        case 'ready':
          return state.session;
        case 'connecting':
          return untilAborted(state.done, signal);
        case 'idle':
          return untilAborted(this.connect(), signal);
        case 'closed':
          throw closedError(name);
        default: {
          const waitMs = state.untilMs - clock.monotonic();
          if (waitMs <= 0) return untilAborted(this.connect(), signal);
          if (state.name === 'broken' || clock.monotonic() + waitMs > giveUpAt) throw notNow(name, state, waitMs);
          await this.pause(waitMs, signal);
        }
      }
    }
  }

  private connect(): Promise<S> {
    const done = this.start();
    this.set({ name: 'connecting', done });
    // Each who waits for it sees the failure; where nobody waits any more it must not count as unhandled.
    done.catch(errorMessage);
    return done;
  }

  private async start(): Promise<S> {
    const { open, name } = this.options;
    let session: S;
    try {
      session = await open(this.closing.signal);
    } catch (error) {
      throw this.failed(isExecGoError(error) ? error : connectError(name, error));
    }
    if (this.closing.signal.aborted) {
      this.end(session);
      throw closedError(name);
    }
    this.failures = 0;
    session.onLost = () => {
      this.options.onNote?.('the connection is lost');
      this.retire(session);
    };
    this.set({ name: 'ready', session });
    this.startIdleTimer(session);
    return session;
  }

  private failed(error: ExecGoError): ExecGoError {
    if (this.state.name === 'closed') return error;
    const { restart, clock, random, onNote } = this.options;
    this.failures += 1;
    const isBroken = this.failures >= restart.maxAttempts;
    const waitMs = isBroken ? restart.maxMs : backOffMs(this.failures, restart, random);
    this.set({ name: isBroken ? 'broken' : 'backoff', untilMs: clock.monotonic() + waitMs, error });
    onNote?.(`start ${this.failures} in a row failed, next one in ${waitMs} ms at the earliest: ${error.message}`);
    return error;
  }

  private pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    let cancel: (() => void) | undefined;
    const over = new Promise<void>((resolve) => {
      cancel = this.options.clock.after(ms, resolve);
    });
    const all = signal === undefined ? this.closing.signal : AbortSignal.any([signal, this.closing.signal]);
    return untilAborted(over, all).finally(() => cancel?.());
  }

  private retire(session: S): void {
    if (this.state.name === 'ready' && this.state.session === session) this.set({ name: 'idle' });
    if (!this.leases.has(session)) this.end(session);
  }

  private released(session: S): void {
    const left = (this.leases.get(session) ?? 1) - 1;
    if (left > 0) {
      this.leases.set(session, left);
      return;
    }
    this.leases.delete(session);
    if (this.state.name === 'ready' && this.state.session === session) this.startIdleTimer(session);
    else this.end(session);
  }

  private startIdleTimer(session: S): void {
    const { idleTimeoutMs, clock } = this.options;
    if (idleTimeoutMs === undefined) return;
    this.cancelIdle?.();
    this.cancelIdle = clock.after(idleTimeoutMs, () => {
      this.cancelIdle = undefined;
      if (!this.leases.has(session)) this.retire(session);
    });
  }

  private end(session: S): void {
    delete session.onLost;
    const ended = session.close().finally(() => this.ending.delete(ended));
    this.ending.add(ended);
  }

  private set(state: State<S>): void {
    this.state = state;
  }
}

function connectError(name: string, error: unknown): ExecGoError {
  return new ExecGoError('external_failure', `MCP server ${name} cannot be reached: ${errorMessage(error)}`, {
    retryable: true,
    cause: error,
  });
}

function notNow(name: string, state: { name: string; error: ExecGoError }, waitMs: number): ExecGoError {
  const what = state.name === 'broken' ? 'is broken' : 'is backing off after failed starts';
  const message = `MCP server ${name} ${what}, next start in ${Math.ceil(waitMs)} ms; the last one failed: ${state.error.message}`;
  return new ExecGoError(state.error.code, message, { retryable: state.error.retryable, cause: state.error });
}

function closedError(name: string): ExecGoError {
  return new ExecGoError('external_failure', `MCP server ${name}: the executor is closed`, { retryable: true });
}
