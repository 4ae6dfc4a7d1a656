import { errorMessage } from '@execgo/core';
import type { EgressOptions } from '@execgo/egress';
import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  SdkError,
  StreamableHTTPClientTransport,
  type Transport,
  type TransportSendOptions,
} from '@modelcontextprotocol/client';
import { ConnectionLost, LOST_CODE } from './connection-lost.js';
import { type GuardedFetch, guardedFetch } from './guarded-fetch.js';
import type { ServerTransport } from './server-transport.js';

/** How long a server has to end a session that we take leave of. */
const FAREWELL_MS = 1_000;
/** A broken stream that can be resumed is tried again after 100, 200 and 400 ms; then its call fails. */
const RESUME = {
  initialReconnectionDelay: 100,
  reconnectionDelayGrowFactor: 2,
  maxReconnectionDelay: 1_000,
  maxRetries: 3,
};
/** A server may ask for longer pauses between polls, up to this. */
const MAX_POLL_PAUSE_MS = 60_000;

type RequestId = string | number;

export interface HttpTransportOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly egress: EgressOptions;
  readonly connectTimeoutMs: number;
  /** Longest message that is taken from the server. */
  readonly maxMessageBytes: number;
}

/**
 * The SDK's streamable HTTP transport, with what it lacks: a request whose stream ends for good without an answer is answered
 * with an error (the SDK lets its call hang until the timeout), the stream of a cancelled request is closed, and no timer
 * outlives `close`.
 */
export class HttpTransport implements ServerTransport {
  readonly hasPerRequestStream = true;
  onclose?: NonNullable<Transport['onclose']>;
  onerror?: NonNullable<Transport['onerror']>;
  onmessage?: NonNullable<Transport['onmessage']>;
  isOver = false;
  private readonly inner: StreamableHTTPClientTransport;
  private readonly guarded: GuardedFetch;
  /** Requests without an answer; bounded by the calls that are under way. */
  private readonly open = new Map<RequestId, AbortController>();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** The newest end of a stream was a break, and no server's wish to be polled. */
  private isBroken = false;

  constructor(options: HttpTransportOptions) {
    this.guarded = guardedFetch({
      ...options,
      onBroken: () => {
        this.isBroken = true;
      },
    });
    this.inner = new StreamableHTTPClientTransport(options.url, {
      fetch: this.guarded.fetch,
      requestInit: { headers: { ...options.headers } },
      reconnectionOptions: RESUME,
      reconnectionScheduler: (reconnect, delayMs, attempt) => this.schedule(reconnect, delayMs, attempt),
    });
    this.inner.onmessage = (message) => this.receive(message);
    this.inner.onerror = (error) => this.onerror?.(error);
    this.inner.onclose = () => this.finish();
  }

  get sessionId(): string | undefined {
    return this.inner.sessionId;
  }

  /** As the SDK's own interface describes it, whose optional members may be undefined. */
  private get sender(): Pick<Transport, 'send'> {
    return this.inner;
  }

  setProtocolVersion(version: string): void {
    this.inner.setProtocolVersion(version);
  }

  start(): Promise<void> {
    return this.inner.start();
  }

  async send(message: JSONRPCMessage, options: TransportSendOptions = {}): Promise<void> {
    if (!isJSONRPCRequest(message)) {
      await this.sender.send(message, options);
      this.closeStreamOf(message);
      return;
    }
    const { id } = message;
    const controller = new AbortController();
    const onAbort = () => this.forget(id)?.abort();
    options.requestSignal?.addEventListener('abort', onAbort, { once: true });
    this.open.set(id, controller);
    try {
      await this.sender.send(message, {
        ...options,
        requestSignal: controller.signal,
        onRequestStreamEnd: () => {
          options.onRequestStreamEnd?.();
          this.answerLost(id);
        },
      });
    } catch (error) {
      this.forget(id);
      throw asLost(error);
    }
  }

  async farewell(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, FAREWELL_MS);
    });
    // A server that does not answer any more has no session to end.
    await Promise.race([this.inner.terminateSession().catch(() => undefined), late]);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    this.isOver = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
    for (const controller of this.open.values()) controller.abort();
    this.open.clear();
    await this.inner.close();
    await this.guarded.close();
    this.finish();
  }

  lastWords(): string {
    // Its errors carry what it answered.
    return '';
  }

  private receive(message: JSONRPCMessage): void {
    const isAnswer = isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
    if (isAnswer && message.id !== undefined) this.forget(message.id);
    this.onmessage?.(message);
  }

  /** The SDK has no way to fail one request of a transport but an answer. */
  private answerLost(id: RequestId): void {
    if (this.forget(id) === undefined) return;
    this.onmessage?.({
      jsonrpc: '2.0',
      id,
      error: { code: LOST_CODE, message: 'the connection broke before the answer came' },
    });
  }

  /** The server may go on with a request that was cancelled; nobody waits for that. */
  private closeStreamOf(message: JSONRPCMessage): void {
    if (!('method' in message) || message.method !== 'notifications/cancelled') return;
    const id = (message.params as { requestId?: RequestId } | undefined)?.requestId;
    if (id !== undefined) this.forget(id)?.abort();
  }

  private forget(id: RequestId): AbortController | undefined {
    const controller = this.open.get(id);
    this.open.delete(id);
    return controller;
  }

  private schedule(reconnect: () => void, delayMs: number, attempt: number): () => void {
    const quick = RESUME.initialReconnectionDelay * RESUME.reconnectionDelayGrowFactor ** attempt;
    const pause = this.isBroken || attempt > 0 ? Math.min(delayMs, quick) : Math.min(delayMs, MAX_POLL_PAUSE_MS);
    this.isBroken = false;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      reconnect();
    }, pause);
    this.timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.timers.delete(timer);
    };
  }

  private finish(): void {
    if (this.onclose === undefined) return;
    const { onclose } = this;
    delete this.onclose;
    onclose();
  }
}

/** What is neither an answer of the server nor one of ours: it broke while it was under way. */
function asLost(error: unknown): unknown {
  if (error instanceof SdkError || error instanceof ConnectionLost) return error;
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'SyntaxError')) return error;
  if ((error as { code?: unknown }).code === 'denied') return error;
  return new ConnectionLost(errorMessage(error), true, error);
}
