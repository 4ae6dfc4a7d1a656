import { authenticate, checkSource, requireScope, type Scope, traceIdOf } from '@execgo/access';
import { ExecGoError } from '@execgo/core';
import type { Context } from 'hono';
import type { Door, ResolvedOptions } from './app-options.js';
import { closingSignal, peerAddress } from './bindings.js';
import { Call, type Handler } from './call.js';
import { preflightHeaders } from './cors.js';
import { errorAnswer } from './error-answer.js';
import type { Operation } from './openapi/operation.js';

export type Method = 'GET' | 'POST' | 'DELETE';

/** One method of a path: what it does, and what the OpenAPI document says of it. */
export interface RouteMethod {
  readonly operation: Operation;
  readonly handle: Handler;
  /** What a token must be good for. @default by method: GET read, POST submit, DELETE admin */
  readonly scope?: Scope;
}

/** One path and what it answers to. HEAD comes with GET. */
export interface Route {
  /** As Hono has it: `/tasks/:id`. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<Method, RouteMethod>>>;
  /** Asks no token. @default false */
  readonly open?: boolean;
}

/** What a token must be good for. One rule for all routes: who adds one cannot forget it. */
const SCOPES: Readonly<Record<Method, Scope>> = { GET: 'read', POST: 'submit', DELETE: 'admin' };

/** The scope that a method of a route asks for; HEAD asks for that of GET. */
export function scopeOf({ methods }: Route, method: string): Scope {
  const name = method === 'HEAD' ? 'GET' : (method as Method);
  return methods[name]?.scope ?? SCOPES[name];
}

/**
 * The Hono handler of a route, for every method: trace id, who may call, method, errors. One function instead of a chain of
 * middleware, so that a request costs one call, and no route can be added without the checks.
 */
export function endpoint(route: Route, options: ResolvedOptions): (context: Context) => Response | Promise<Response> {
  const { access } = options;
  const methods = new Map<string, Handler>(Object.entries(route.methods).map(([name, { handle }]) => [name, handle]));
  const get = methods.get('GET');
  if (get !== undefined) methods.set('HEAD', get);
  const allowed = [...methods.keys()].sort().join(', ');

  return (context) => {
    const { headers, method } = context.req.raw;
    const origin = listedOrigin(headers, options);
    const call = new Call(context, traceIdOf(headers.get('x-trace-id')), origin);
    // Browsers send a preflight without credentials, so it is answered before the token is asked for.
    const preflight = origin !== undefined && method === 'OPTIONS' && headers.has('access-control-request-method');
    try {
      checkSource(access, headers, peerAddress(context.env));
      if (preflight) return call.empty(preflightHeaders(allowed));
      if (route.open !== true) call.caller = authenticate(access, headers.get('authorization'));
      const handler = methods.get(method);
      if (handler === undefined) return wrongMethod(call, route, method, allowed, options);
      if (route.open !== true) requireScope(call.caller, scopeOf(route, method));
      const answer = handler(call);
      return answer instanceof Promise ? answer.catch((error: unknown) => failed(call, error, options)) : answer;
    } catch (error) {
      return failed(call, error, options);
    }
  };
}

/** The Hono handler of a door. A door judges callers and answers by itself; what it throws is answered as any other error. */
export function doorEndpoint(door: Door, options: ResolvedOptions): (context: Context) => Promise<Response> {
  return async (context) => {
    const { env, req } = context;
    try {
      return await door.fetch(req.raw, { peer: peerAddress(env), closing: closingSignal(env) });
    } catch (error) {
      const { headers } = req.raw;
      const call = new Call(context, traceIdOf(headers.get('x-trace-id')), listedOrigin(headers, options));
      return failed(call, error, options);
    }
  };
}

/** The page that asks, where its origin may read the answer. */
function listedOrigin(headers: Headers, { access }: ResolvedOptions): string | undefined {
  const origin = access.allowedOrigins.size === 0 ? null : headers.get('origin');
  return origin !== null && access.allowedOrigins.has(origin) ? origin : undefined;
}

function failed(call: Call, error: unknown, { logger }: ResolvedOptions): Response {
  const { status, headers, body } = errorAnswer(error, call.traceId);
  // The kernel says by itself why it is unavailable, once; here it would be once for every request.
  if (status === 500) {
    const { method, url } = call.context.req.raw;
    logger.error({ err: error, trace_id: call.traceId, method, url, status }, body.error);
  }
  return call.json(status, body, headers);
}

function wrongMethod(call: Call, route: Route, method: string, allowed: string, options: ResolvedOptions): Response {
  if (allowed === '') return failed(call, noSuchRoute(call, method), options);
  const error = `method ${method} is not allowed for ${route.path} (allowed: ${allowed})`;
  return call.json(405, { error, code: 'invalid_input', trace_id: call.traceId }, { Allow: allowed });
}

function noSuchRoute(call: Call, method: string): ExecGoError {
  return new ExecGoError('not_found', `no such route: ${method} ${new URL(call.url).pathname}`);
}
