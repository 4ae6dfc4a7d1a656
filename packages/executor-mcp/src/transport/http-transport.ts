import { AsyncLocalStorage } from 'node:async_hooks';
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
import { ConnectionLost, LOST_CODE, TOO_LONG_CODE } from './connection-lost.js';
import { type BrokenAnswer, type GuardedFetch, guardedFetch } from './guarded-fetch.js';
import type { ServerTransport } from './server-transport.js';

/** How long a server has to end a session that we take leave of. */
const FAREWELL_MS = 1_000;
/** A stream that the server ended to be polled is taken up again after a second, or when the server says. */
const POLL = {
  initialReconnectionDelay: 1_000,
  reconnectionDelayGrowFactor: 1.5,
  maxReconnectionDelay: 10_000,
  maxRetries: 3,
};
/** However long a pause between polls the server asks for. */
const MAX_POLL_PAUSE_MS = 60_000;
/** A stream that broke and can be resumed is tried again after this, then twice and four times this; then its call fails. */
const RESUME_AFTER_MS = 100;
/** The stream of notifications: some servers end it again and again. */
const LISTEN = { firstMs: 1_000, maxMs: 60_000 };

type RequestId = string | number;

interface OpenRequest {
  /** Undefined for a message that has no answer. */
  readonly id: RequestId | undefined;
  readonly controller: AbortController;
  /** Its stream ended by a break, and not by the server's wish to be polled. */
  isBroken: boolean;
}

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
  private readonly open = new Map<RequestId, OpenRequest>();
  /** The request that a fetch, or the resumption of a stream, is for: the SDK does not say. */
  private readonly current = new AsyncLocalStorage<OpenRequest>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private listenPauseMs = LISTEN.firstMs;
  private listeningSince = 0;

  constructor(private readonly options: HttpTransportOptions) {
    this.guarded = guardedFetch({
      ...options,
      signal: () => this.current.getStore()?.controller.signal,
      onAnswer: () => this.answering(),
    });
    this.inner = new StreamableHTTPClientTransport(options.url, {
      fetch: this.guarded.fetch,
      requestInit: { headers: { ...options.headers } },
      reconnectionOptions: POLL,
      reconnectionScheduler: (reconnect, delayMs, attempt) => this.schedule(reconnect, delayMs, attempt),
    });
    this.inner.onmessage = (message) => this.receive(message);
    this.inner.onerror = (error) => {
      if (!this.isDropped) this.onerror?.(error);
    };
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
      // First of all: a server that hangs does not take the word of it either.
      this.closeStreamOf(message);
      await this.sendWithoutAnswer(message, options);
      return;
    }
    const { id } = message;
    const request: OpenRequest = { id, controller: new AbortController(), isBroken: false };
    options.requestSignal?.addEventListener('abort', () => this.drop(id), { once: true });
    this.open.set(id, request);
    // Given a signal, the SDK joins it with one that lives as long as the connection, where each leaves a trace for ever: so
    // it is told of none, and ours goes to `fetch` alone.
    const watched = {
      ...options,
      requestSignal: undefined,
      onRequestStreamEnd: () => {
        options.onRequestStreamEnd?.();
        this.fail(id, LOST_CODE, 'the connection broke before the answer came');
      },
    };
    try {
      await this.current.run(request, () => this.sender.send(message, watched));
    } catch (error) {
      this.open.delete(id);
      throw asLost(error);
    }
  }

  /** Bounded in time, so that no message that is not taken holds its connection for ever. */
  private async sendWithoutAnswer(message: JSONRPCMessage, options: TransportSendOptions): Promise<void> {
    // With it the SDK opens the stream of notifications, which must not end with it; the start has a time of its own.
    if ('method' in message && message.method === 'notifications/initialized') {
      await this.sender.send(message, options);
      return;
    }
    const { connectTimeoutMs } = this.options;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      const problem = `a message was not taken within ${connectTimeoutMs} ms (connectTimeoutMs)`;
      controller.abort(new ConnectionLost(problem, true));
    }, connectTimeoutMs);
    this.timers.add(timer);
    try {
      const sending: OpenRequest = { id: undefined, controller, isBroken: false };
      await this.current.run(sending, () => this.sender.send(message, options));
    } finally {
      clearTimeout(timer);
      this.timers.delete(timer);
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
    for (const { controller } of this.open.values()) controller.abort();
    this.open.clear();
    await this.inner.close();
    await this.guarded.close();
    this.finish();
  }

  startFailure(): undefined {
    return undefined;
  }

  lastWords(): string {
    // Its errors carry what it answered.
    return '';
  }

  private receive(message: JSONRPCMessage): void {
    const isAnswer = isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
    if (isAnswer && message.id !== undefined) this.open.delete(message.id);
    this.onmessage?.(message);
  }

  /** Answers a request in the server's stead: the SDK has no other way to fail one request of a transport. */
  private fail(id: RequestId, code: number, message: string): void {
    if (this.open.delete(id)) this.onmessage?.({ jsonrpc: '2.0', id, error: { code, message } });
  }

  /** Nobody waits for this request any more. */
  private drop(id: RequestId): void {
    const request = this.open.get(id);
    this.open.delete(id);
    request?.controller.abort();
  }

  /** The server may go on with a request that was cancelled. */
  private closeStreamOf(message: JSONRPCMessage): void {
    if (!('method' in message) || message.method !== 'notifications/cancelled') return;
    const id = (message.params as { requestId?: RequestId } | undefined)?.requestId;
    if (id !== undefined) this.drop(id);
  }

  private answering(): (broken: BrokenAnswer) => void {
    const request = this.current.getStore();
    if (request === undefined) this.listeningSince = performance.now();
    else request.isBroken = false;
    return ({ error, isTooLong }) => {
      if (request === undefined) return;
      request.isBroken = true;
      if (!isTooLong) return;
      // To resume would bring the same message again.
      if (request.id !== undefined) this.fail(request.id, TOO_LONG_CODE, errorMessage(error));
      request.controller.abort();
    };
  }

  /** Nobody waits for the request that is being dealt with. */
  private get isDropped(): boolean {
    return this.current.getStore()?.controller.signal.aborted === true;
  }

  private schedule(reconnect: () => void, delayMs: number, attempt: number): () => void {
    if (this.isDropped) return () => undefined;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        reconnect();
      },
      this.pauseMs(delayMs, attempt),
    );
    this.timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.timers.delete(timer);
    };
  }

  private pauseMs(delayMs: number, attempt: number): number {
    const request = this.current.getStore();
    if (request?.isBroken) return RESUME_AFTER_MS * 2 ** attempt;
    if (request !== undefined) return Math.min(delayMs, MAX_POLL_PAUSE_MS);
    const wasLong = performance.now() - this.listeningSince > LISTEN.maxMs;
    const pauseMs = wasLong ? LISTEN.firstMs : this.listenPauseMs;
    this.listenPauseMs = Math.min(2 * pauseMs, LISTEN.maxMs);
    return pauseMs;
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
  // By a SyntaxError the SDK knows, while it asks for the protocol, an answer that is none.
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'SyntaxError')) return error;
  if ((error as { code?: unknown }).code === 'denied') return error;
  return new ConnectionLost(errorMessage(error), true, error);
}
