import { type Caller, NAMELESS } from '@execgo/access';
import type { Context } from 'hono';
import { closingSignal } from './bindings.js';
import { corsHeaders } from './cors.js';

export type ExtraHeaders = Readonly<Record<string, string>>;
/** Answers one method of one path; what it throws becomes an error answer. */
export type Handler = (call: Call) => Response | Promise<Response>;

/**
 * One request under way. Answers are made with a plain object of headers: the Node host sends such a response without ever
 * building a `Headers`, which would cost as much as the rest of the answer.
 */
export class Call {
  readonly headers: Headers;
  /** Known once the request was let in, before any handler runs. */
  caller: Caller = NAMELESS;

  constructor(
    readonly context: Context,
    readonly traceId: string,
    /** Origin of the page that calls, one of the allowed ones; undefined for a program. */
    private readonly origin: string | undefined,
  ) {
    this.headers = context.req.raw.headers;
  }

  get url(): string {
    return this.context.req.raw.url;
  }

  /** HEAD runs the handler of GET: one that would open a stream need not. */
  get isHead(): boolean {
    return this.context.req.raw.method === 'HEAD';
  }

  /** Aborts when the caller is gone. Made on first use, and not for free. */
  get gone(): AbortSignal {
    return this.context.req.raw.signal;
  }

  /** Aborts when the listener stops. */
  get closing(): AbortSignal | undefined {
    return closingSignal(this.context.env);
  }

  json(status: number, value: unknown, extra?: ExtraHeaders): Response {
    return this.answer(status, 'application/json', JSON.stringify(value), extra);
  }

  answer(
    status: number,
    contentType: string,
    body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null,
    extra?: ExtraHeaders,
  ): Response {
    const headers: Record<string, string> = { 'Content-Type': contentType, 'X-Trace-ID': this.traceId };
    if (this.origin !== undefined) Object.assign(headers, corsHeaders(this.origin));
    if (extra !== undefined) Object.assign(headers, extra);
    return new Response(body, { status, headers });
  }

  /** 204. */
  empty(extra?: ExtraHeaders): Response {
    const headers: Record<string, string> = { 'X-Trace-ID': this.traceId };
    if (this.origin !== undefined) Object.assign(headers, corsHeaders(this.origin));
    if (extra !== undefined) Object.assign(headers, extra);
    return new Response(null, { status: 204, headers });
  }
}
