import { ExecGoError, errorMessage, isJsonObject, type JsonObject } from '@execgo/core';
import type { Dispatcher, Pool } from 'undici';
import type { ResolvedRuntimeOptions } from './options.js';
import { runError, SOURCE } from './run-error.js';
import { type RunEvent, type RunStatus, readEvents, readFailure, readStatus } from './run-status.js';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * The API of an execgo-runtime server, one request a call. Nothing is repeated here.
 *
 * What it throws, as ExecGoError: `external_failure`, retryable, for a runtime that cannot be reached or does not answer in
 * time (`details.unreachable`) and for one that answers with nonsense; what the runtime refuses, by the runtime's own code, with
 * `details.http_status`. An abort throws the reason of the signal.
 */
export class RuntimeClient {
  private pool: Promise<Pool> | undefined;

  constructor(private readonly options: ResolvedRuntimeOptions) {}

  async submit(payload: JsonObject, signal?: AbortSignal): Promise<void> {
    await this.call('POST', '/api/v1/tasks', { payload, signal });
  }

  async status(id: string, signal?: AbortSignal): Promise<RunStatus> {
    return this.statusOf(await this.call('GET', pathOf(id), { signal }));
  }

  /** Asks for the end of a run; it may take some time to come. */
  async kill(id: string, owner: string | undefined, signal?: AbortSignal): Promise<void> {
    const headers = owner === undefined ? {} : { 'x-execgo-owner': owner };
    await this.call('POST', `${pathOf(id)}/kill`, { headers, signal });
  }

  async events(id: string, signal?: AbortSignal): Promise<readonly RunEvent[]> {
    const events = readEvents(await this.call('GET', `${pathOf(id)}/events`, { signal }));
    if (events === undefined) throw this.nonsense('what is no list of events');
    return events;
  }

  /** Rejects when the runtime takes no tasks, or does not say so in time. */
  async ready(timeoutMs: number): Promise<void> {
    await this.call('GET', '/readyz', { timeoutMs: Math.min(timeoutMs, this.options.requestTimeoutMs) });
  }

  async close(): Promise<void> {
    await (await this.pool)?.destroy();
  }

  /** Not loaded before somebody connects: undici takes longer to load than the rest of a server. */
  private connections(): Promise<Pool> {
    const { target, connections, requestTimeoutMs } = this.options;
    this.pool ??= import('undici').then(
      ({ Pool }) => new Pool(target.origin, { connections, connect: { timeout: requestTimeoutMs } }),
    );
    return this.pool;
  }

  private statusOf(body: unknown): RunStatus {
    const status = readStatus(body);
    if (status === undefined) throw this.nonsense('what is no status of a task');
    return status;
  }

  private async call(
    method: Dispatcher.HttpMethod,
    path: string,
    more: {
      readonly payload?: JsonObject;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
      readonly timeoutMs?: number;
    },
  ): Promise<unknown> {
    const { status, body } = await this.send(method, path, more);
    if (status >= 200 && status < 300) return body;
    const failure = isJsonObject(body) ? (readFailure(body.error) ?? readFailure(body)) : undefined;
    const details = { http_status: status };
    if (failure !== undefined && status < 500) throw runError(failure, details, status === 429);
    const why = failure === undefined ? '' : `: ${failure.message}`;
    throw new ExecGoError(
      'external_failure',
      `the runtime at ${this.options.target.address} answered ${status}${why}`,
      {
        retryable: status >= 500 || status === 429,
        source: SOURCE,
        details,
      },
    );
  }

  private async send(
    method: Dispatcher.HttpMethod,
    path: string,
    { payload, headers, signal, timeoutMs = this.options.requestTimeoutMs }: Parameters<RuntimeClient['call']>[2],
  ): Promise<Answer> {
    const { target } = this.options;
    const pool = await this.connections();
    signal?.throwIfAborted();
    // The one timer for the whole answer: a runtime that drips it byte by byte is as good as one that does not answer.
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const response = await pool.request({
        method,
        path: target.prefix + path,
        headers: {
          accept: 'application/json',
          'user-agent': 'execgo',
          ...(payload !== undefined && { 'content-type': 'application/json' }),
          ...(target.authorization !== undefined && { authorization: target.authorization }),
          ...headers,
        },
        body: payload === undefined ? null : JSON.stringify(payload),
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      return { status: response.statusCode, body: await this.readBody(response) };
    } catch (cause) {
      if (signal?.aborted === true) throw signal.reason;
      if (cause instanceof ExecGoError) throw cause;
      const why = deadline.aborted ? `no answer within ${timeoutMs} ms` : errorMessage(cause);
      throw new ExecGoError('external_failure', `the runtime at ${target.address} cannot be reached: ${why}`, {
        retryable: true,
        source: SOURCE,
        details: { unreachable: true },
        cause,
      });
    }
  }

  /** The body as JSON; as text where it is none, which is nonsense only where JSON was needed. */
  private async readBody({ body }: Dispatcher.ResponseData): Promise<unknown> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      // Leaving the loop destroys the body, and its connection with it.
      if (bytes > this.options.maxAnswerBytes) {
        throw this.nonsense(`more than ${this.options.maxAnswerBytes} bytes`);
      }
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks, bytes).toString('utf8');
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  private nonsense(what: string): ExecGoError {
    return new ExecGoError('external_failure', `the runtime at ${this.options.target.address} answered ${what}`, {
      retryable: true,
      source: SOURCE,
    });
  }
}

function pathOf(id: string): string {
  return `/api/v1/tasks/${encodeURIComponent(id)}`;
}
