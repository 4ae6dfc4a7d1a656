import { pipeline, type Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { ExecGoError, errorMessage, isExecGoError } from '@execgo/core';
import { type Dispatcher, errors, request as send } from 'undici';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that must not reach another origin than the one they were given for. */
const CREDENTIALS = /^(authorization|cookie|proxy-.*)$/;
const OF_A_BODY = /^content-(type|length|encoding|language|location)$/;
const TIMEOUTS: readonly string[] = [
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ETIMEDOUT',
];
const BAD_INPUT: readonly string[] = [
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_ARG_VALUE',
];

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded bytes, as many as the limit lets through. */
  readonly body: Buffer;
  readonly truncated: boolean;
}

export interface HttpLimits {
  /** Bytes of the body after decompression. */
  readonly maxBodyBytes: number;
  readonly maxRedirects: number;
  /** For the headers to come, and between two pieces of the body. */
  readonly timeoutMs: number;
}

/** Refuses a URL by its text. @throws ExecGoError `denied` */
export type CheckUrl = (url: URL) => void;

/**
 * One request with its redirects, each of which is checked as the first URL was. 301, 302 and 303 go on as GET (a HEAD stays
 * one), 307 and 308 as they were; credentials stay with their origin.
 *
 * @throws ExecGoError `denied`, `invalid_input`, `timeout`, `external_failure`
 */
export async function httpRequest(
  first: HttpRequest,
  dispatcher: Dispatcher,
  limits: HttpLimits,
  checkUrl: CheckUrl,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  let request = first;
  try {
    for (let redirects = 0; ; redirects += 1) {
      checkUrl(request.url);
      const response = await sendOnce(request, dispatcher, limits, signal);
      const next = redirected(request, response);
      if (next === undefined) return await readAnswer(response, request, limits.maxBodyBytes);
      response.body.on('error', () => undefined).destroy();
      if (redirects === limits.maxRedirects) {
        throw new ExecGoError('external_failure', `${first.url.href}: more than ${limits.maxRedirects} redirects`);
      }
      request = next;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw requestError(error, request);
  }
}

function sendOnce(request: HttpRequest, dispatcher: Dispatcher, limits: HttpLimits, signal: AbortSignal) {
  const { url, method, body } = request;
  return send(withoutCredentials(url), {
    dispatcher,
    method: method as Dispatcher.HttpMethod,
    headers: { 'user-agent': 'execgo', 'accept-encoding': 'gzip, br', ...basicAuth(url), ...request.headers },
    body: body ?? null,
    signal,
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
  });
}

function redirected(request: HttpRequest, response: Dispatcher.ResponseData): HttpRequest | undefined {
  const { location } = response.headers;
  if (!REDIRECTS.has(response.statusCode) || typeof location !== 'string') return undefined;
  if (!URL.canParse(location, request.url.href)) {
    throw new ExecGoError('external_failure', `${request.url.href}: redirect to an unreadable location`);
  }
  const url = new URL(location, request.url);
  const sameOrigin = url.origin === request.url.origin;
  const asGet = response.statusCode <= 303 && request.method !== 'HEAD';
  const headers = Object.entries(request.headers).filter(
    ([name]) => (sameOrigin || !CREDENTIALS.test(name)) && !(asGet && OF_A_BODY.test(name)),
  );
  return {
    url,
    method: asGet ? 'GET' : request.method,
    headers: Object.fromEntries(headers),
    ...(asGet || request.body === undefined ? {} : { body: request.body }),
  };
}

async function readAnswer(
  response: Dispatcher.ResponseData,
  request: HttpRequest,
  maxBytes: number,
): Promise<HttpAnswer> {
  const headers = plainHeaders(response.headers);
  // Who asks for an encoding wants to see it.
  const decoder = Object.hasOwn(request.headers, 'accept-encoding')
    ? undefined
    : decoderFor(headers['content-encoding']);
  let source: Readable = response.body;
  if (decoder !== undefined && request.method !== 'HEAD') {
    // Errors of either reach the loop below through the decoder.
    source = pipeline(response.body, decoder, () => undefined);
    delete headers['content-encoding'];
    delete headers['content-length'];
  }
  return { status: response.statusCode, headers, ...(await readBounded(source, maxBytes)) };
}

/** Reads until the limit; leaving the loop closes the stream, and the connection behind it. */
async function readBounded(source: Readable, maxBytes: number): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) return { body: Buffer.concat(chunks).subarray(0, maxBytes), truncated: true };
  }
  return { body: Buffer.concat(chunks), truncated: false };
}

function decoderFor(encoding: string | undefined) {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  return encoding === 'br' ? createBrotliDecompress() : undefined;
}

function plainHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const plain: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { ...plain };
}

function basicAuth(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}

function requestError(error: unknown, { method, url }: HttpRequest): ExecGoError {
  if (isExecGoError(error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  const message = `${method} ${withoutCredentials(url).href}: ${errorMessage(error) || code || 'failed'}`;
  if (code !== undefined && TIMEOUTS.includes(code)) return new ExecGoError('timeout', message, { cause: error });
  if ((code !== undefined && BAD_INPUT.includes(code)) || error instanceof errors.InvalidArgumentError) {
    return new ExecGoError('invalid_input', message, { cause: error });
  }
  return new ExecGoError('external_failure', message, { cause: error });
}
