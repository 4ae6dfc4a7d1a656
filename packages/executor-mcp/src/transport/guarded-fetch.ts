import { ExecGoError, errorMessage, isExecGoError } from '@execgo/core';
import { createEgressGuard, type EgressOptions, guardedConnector } from '@execgo/egress';
import type { FetchLike } from '@modelcontextprotocol/client';
import { Agent, fetch, type RequestInit, Response } from 'undici';
import { ConnectionLost } from './connection-lost.js';

/** Errors of a connection that never came to be: nothing was sent. */
const NEVER_CONNECTED: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Of TLS: the certificate was looked at and refused, before anything was sent. */
const CERTIFICATE = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_)/;

export interface GuardedFetchOptions {
  /** All requests go to this origin, and nowhere else. */
  readonly url: URL;
  readonly egress: EgressOptions;
  readonly connectTimeoutMs: number;
  /** Longest message: a body that is JSON, or one event of a stream. */
  readonly maxMessageBytes: number;
  /** The signal of the request that is being made, if it has one of its own. */
  readonly signal: () => AbortSignal | undefined;
  /** Called for each answer, where its request was made; what it gives is called when the answer breaks before its end. */
  readonly onAnswer: () => (broken: BrokenAnswer) => void;
}

export interface BrokenAnswer {
  readonly error: unknown;
  /** It was cut since a message in it was longer than allowed. */
  readonly isTooLong: boolean;
}

/** `fetch` for one server, and what holds its connections. */
export interface GuardedFetch {
  readonly fetch: FetchLike;
  close(): Promise<void>;
}

/**
 * A `fetch` that connects only where the egress guard lets it, never leaves the configured origin (so credentials never go
 * elsewhere), and bounds each message. What was configured counts as allowed; metadata addresses and ExecGo's own ports stay
 * refused.
 */
export function guardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { url, egress } = options;
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const guard = createEgressGuard({ ...egress, allow: [...(egress.allow ?? []), `${url.hostname}:${port}`] });
  const agent = new Agent({
    connect: guardedConnector(guard, options.connectTimeoutMs),
    // Calls have timeouts of their own, and a stream may be silent for as long as nothing happens.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const guarded: FetchLike = async (target, init) => {
    if (new URL(target).origin !== url.origin) {
      throw new ExecGoError('denied', `a redirect from ${url.origin} to ${new URL(target).origin} is refused`);
    }
    const signal = options.signal() ?? init?.signal;
    const request = {
      ...init,
      ...(signal ? { signal } : {}),
      headers: Object.fromEntries(new Headers(init?.headers)),
      redirect: 'manual',
      dispatcher: agent,
    } as RequestInit;
    try {
      // undici's own types of what is the same at run time.
      return bounded(await fetch(target, request), options) as unknown as globalThis.Response;
    } catch (error) {
      throw fetchError(error, signal?.aborted === true);
    }
  };
  return { fetch: guarded, close: () => agent.destroy() };
}

/** The same answer, whose body errs when a message of it is too long. */
function bounded(response: Response, options: GuardedFetchOptions): Response {
  const onBroken = options.onAnswer();
  const { body } = response;
  if (body === null) return response;
  const reader = body.getReader();
  const isStream = response.headers.get('content-type')?.includes('text/event-stream') ?? false;
  const counter = new MessageCounter(isStream);
  const counted = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        if (counter.add(value) <= options.maxMessageBytes) {
          controller.enqueue(value);
          return;
        }
      } catch (error) {
        onBroken({ error, isTooLong: false });
        controller.error(error);
        return;
      }
      const error = new ConnectionLost(`a message is longer than maxMessageBytes (${options.maxMessageBytes})`, true);
      onBroken({ error, isTooLong: true });
      controller.error(error);
      await reader.cancel(error).catch(() => undefined);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(counted, {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
}

/** Counts the bytes of the message that a body is in the midst of. An event of a stream ends with an empty line. */
class MessageCounter {
  private bytes = 0;
  private before: Buffer = Buffer.alloc(0);

  constructor(private readonly isStream: boolean) {}

  add(chunk: Uint8Array): number {
    this.bytes += chunk.length;
    if (this.isStream) {
      const text = Buffer.concat([this.before, chunk]);
      const end = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n'), text.lastIndexOf('\r\r'));
      if (end !== -1) this.bytes = text.length - end;
      this.before = Buffer.from(text.subarray(-3));
    }
    return this.bytes;
  }
}

function fetchError(error: unknown, isAborted: boolean): unknown {
  if (isAborted || isExecGoError(error)) return error;
  const cause = (error as { cause?: unknown }).cause ?? error;
  if (isExecGoError(cause)) {
    if (cause.code === 'denied') return cause;
    return new ConnectionLost(cause.message, false, error);
  }
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  const neverConnected = NEVER_CONNECTED.has(code) || CERTIFICATE.test(code);
  return new ConnectionLost(errorMessage(cause) || code || 'the request failed', !neverConnected, error);
}
