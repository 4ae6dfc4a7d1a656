import { ExecGoError } from '@execgo/core';
import type { EgressGuard } from '@execgo/egress';
import { type CheckedTool, defineTool, fieldError, type KnownInput, stringMap } from '@execgo/tool-input';
import * as v from 'valibot';
import type { HttpClient } from '../http-client.js';
import type { HttpLimits } from '../http-request.js';

/** RFC 9110, 5.6.2: what a method or header name is made of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A header value on one line: visible characters, space and tab. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Set by the connection itself, or the beginning of another protocol than one request and one answer. */
const CONNECTION_HEADERS = /^(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;
/** CONNECT makes a tunnel, which no result can hold. */
const NO_METHODS: ReadonlySet<string> = new Set(['CONNECT']);

const text = v.string('expected a string');
const schema = v.object({
  url: v.pipe(text, v.description('http or https.')),
  method: v.optional(v.pipe(text, v.description('Default: GET.'))),
  headers: v.optional(stringMap('expected an object with string values')),
  body: v.optional(text),
});

/** The tool, and what holds its connections. */
export interface HttpTool {
  readonly tool: CheckedTool;
  close(): Promise<void>;
}

/** One HTTP request; any status is an answer, so success. Proxy settings of the environment are not used. */
export function httpTool(guard: EgressGuard, limits: HttpLimits): HttpTool {
  const checkUrl = (url: URL) => {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw new ExecGoError('denied', `${url.protocol}// is not allowed: only http and https are`);
    }
    guard.checkTarget(url.hostname, Number(url.port) || (url.protocol === 'https:' ? 443 : 80));
  };
  // Not loaded before the first request: its library takes longer to load than the rest of a server.
  let loading: Promise<HttpClient> | undefined;
  const load = async () => new (await import('../http-client.js')).HttpClient(guard, limits, checkUrl);
  const tool = defineTool({
    name: 'http',
    description:
      'Sends one HTTP request and follows redirects; returns {status_code, headers, body}. Any status is a success; ' +
      `the body is cut at ${limits.maxBodyBytes} bytes (truncated: true).`,
    annotations: { destructive: true, open_world: true },
    schema,
    check: (known, path) => check(known, path, checkUrl),
    async run(input, { run }) {
      const request = {
        url: new URL(input.url),
        method: (input.method || 'GET').toUpperCase(),
        headers: lowerCaseNames(input.headers ?? {}),
        ...(input.body ? { body: input.body } : {}),
      };
      loading ??= load();
      const answer = await (await loading).request(request, run.signal);
      return {
        status_code: answer.status,
        headers: answer.headers,
        body: answer.body.toString('utf8'),
        ...(answer.truncated ? { truncated: true } : {}),
      };
    },
  });
  return { tool, close: async () => (await loading)?.close() };
}

function check({ input }: KnownInput<typeof schema>, path: string, checkUrl: (url: URL) => void): void {
  if (input.url !== undefined) {
    if (!URL.canParse(input.url)) throw fieldError(`${path}.url`, `expected a URL, got ${JSON.stringify(input.url)}`);
    const url = new URL(input.url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      throw fieldError(`${path}.url`, `expected http or https, got ${url.protocol}`);
    }
    checkUrl(url);
  }
  if (input.method && (!TOKEN.test(input.method) || NO_METHODS.has(input.method.toUpperCase()))) {
    throw fieldError(`${path}.method`, `expected a method such as GET, got ${JSON.stringify(input.method)}`);
  }
  for (const [name, value] of Object.entries(input.headers ?? {})) {
    if (!TOKEN.test(name) || CONNECTION_HEADERS.test(name)) {
      throw fieldError(`${path}.headers`, `${JSON.stringify(name)} cannot be set`);
    }
    if (!HEADER_VALUE.test(value)) throw fieldError(`${path}.headers.${name}`, 'expected a value on one line');
  }
}

/** Names of headers have no case, so that a default gives way to the caller's whatever its spelling. */
function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
