import { hasType, readJson, refusal, unusable } from './answer.js';
import type { ResolvedClientOptions } from './client-options.js';
import { ExecGoOptionError, ExecGoUnreachableError } from './errors.js';
import { RequestScope } from './request-scope.js';
import { delayMs, isTransient } from './retry-policy.js';
import { sleep } from './sleep.js';
import { type SseMessage, SseParser } from './sse-parser.js';

export interface Request {
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Encoded, beginning with `/`. */
  readonly path: string;
  /** Left out where undefined. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** How much longer than usual the answer may take, in milliseconds. */
  readonly extraMs?: number;
  /** Called before every try. */
  readonly onTry?: () => void;
}

/**
 * Requests to one server. Every one may be tried again: those that are no reads carry a key, or ask for a state that may be
 * reached already. What goes wrong is an `ExecGoClientError`, an abort the reason of the signal.
 */
export class Transport {
  constructor(readonly options: ResolvedClientOptions) {}

  object<T extends object>(request: Request): Promise<T> {
    return this.send(request, (response) => readJson<T>(response, 'object'));
  }

  array<T>(request: Request): Promise<readonly T[]> {
    return this.send(request, (response) => readJson<readonly T[]>(response, 'array'));
  }

  /** Tries as often as the options say. `read` is given answers of success alone. */
  async send<T>(request: Request, read: (response: Response) => Promise<T>): Promise<T> {
    const { retry } = this.options;
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.sendOnce(request, read);
      } catch (error) {
        if (request.signal?.aborted || !isTransient(error) || failures > retry.attempts) throw error;
        await sleep(delayMs(failures, error, retry), request.signal);
      }
    }
  }

  /** An object or an array. */
  json<T extends object>(request: Request): Promise<T> {
    return this.send(request, (response) => readJson<T>(response, 'object or array'));
  }

  /** The same with what the headers say. */
  arrayWith<T, R>(request: Request, make: (items: readonly T[], headers: Headers) => R): Promise<R> {
    return this.send(request, async (response) =>
      make(await readJson<readonly T[]>(response, 'array'), response.headers),
    );
  }

  /** Tried once; what does not fit is no answer of an ExecGo server. */
  objectOnce<T extends object>(request: Request, fits: (value: T) => boolean): Promise<T> {
    return this.sendOnce(request, async (response) => {
      const value = await readJson<T>(response, 'object');
      if (!fits(value)) throw unusable(response, 'a task or a graph', value);
      return value;
    });
  }

  async sendOnce<T>(request: Request, read: (response: Response) => Promise<T>): Promise<T> {
    const scope = this.scopeOf(request);
    request.onTry?.();
    try {
      return await read(await this.answer(request, scope));
    } catch (error) {
      throw scope.reasonOf(error);
    } finally {
      scope.release();
    }
  }

  /** The messages of one event stream, tried once, until it ends or breaks off; `onContact` is told whenever something came. */
  async *messages(request: Request, onContact: () => void): AsyncGenerator<SseMessage, void, undefined> {
    const { idleTimeoutMs } = this.options;
    const scope = this.scopeOf(request);
    const accept = { Accept: 'text/event-stream' };
    try {
      const response = await this.answer({ ...request, headers: { ...request.headers, ...accept } }, scope);
      if (!hasType(response, 'text/event-stream') || response.body === null) {
        throw unusable(response, 'an event stream', await response.text());
      }
      const parser = new SseParser();
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        scope.expireAfter(idleTimeoutMs, `nothing came for ${idleTimeoutMs} ms`);
        const { done, value } = await reader.read();
        scope.stopTimer();
        if (done) return;
        onContact();
        yield* parser.push(decoder.decode(value, { stream: true }));
      }
    } catch (error) {
      throw scope.reasonOf(error);
    } finally {
      scope.release();
    }
  }

  private scopeOf({ signal, extraMs = 0 }: Request): RequestScope {
    const { url, timeoutMs } = this.options;
    signal?.throwIfAborted();
    const scope = new RequestScope(url, signal);
    scope.expireAfter(timeoutMs + extraMs, `no answer within ${timeoutMs + extraMs} ms`);
    return scope;
  }

  private async answer({ method = 'GET', path, query, headers, body }: Request, scope: RequestScope) {
    const response = await this.options.fetch(this.options.url + path + queryText(query), {
      method,
      headers: {
        ...this.options.headers,
        ...headers,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: encoded(body) }),
      // Followed, a POST would become a GET, and a token might go elsewhere.
      redirect: 'manual',
      signal: scope.signal,
    });
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** The error for a stream that ended, though it has no end. */
  ended(): ExecGoUnreachableError {
    return new ExecGoUnreachableError(this.options.url, 'the stream ended');
  }
}

function queryText(query: Request['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.append(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function encoded(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    throw new ExecGoOptionError('body', 'what JSON can carry', body);
  }
}
