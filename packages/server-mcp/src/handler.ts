import { type AccessOptions, authenticate, type Caller, checkSource, resolveAccess, traceIdOf } from '@execgo/access';
import { ExecGoError, errorMessage } from '@execgo/core';
import { isLegacyRequest, createMcpHandler as modernHandler } from '@modelcontextprotocol/server';
import { Connections } from './connection.js';
import { addCorsHeaders, preflightAnswer } from './cors.js';
import { messageBody } from './message-body.js';
import { type McpServerOptions, resolveOptions } from './options.js';
import { rpcError, SERVER_ERROR, thrownAnswer } from './rpc-answer.js';
import { Sessions } from './sessions.js';

const METHODS = ['DELETE', 'GET', 'POST'];
const ALLOWED = METHODS.join(', ');

export interface McpHandlerOptions extends McpServerOptions {
  /** Who may call. @default programs of this machine: loopback, no token */
  readonly access?: AccessOptions;
}

/** What the host of a handler knows about a request. */
export interface McpRequestInfo {
  /** Address at the other end of the connection. Without a token, others than loopback are refused. */
  readonly peer?: string | undefined;
  /** Aborts when the listener stops: the handler is closed then. */
  readonly closing?: AbortSignal | undefined;
}

export interface McpHandler {
  /** Answers a request of the endpoint, whatever its path; never rejects. */
  fetch(request: Request, info?: McpRequestInfo): Promise<Response>;
  /**
   * Answers what is under way with what there is, and ends streams and sessions. Tasks are not touched: they are the kernel's.
   * Afterwards every request is answered with 503. Safe to call twice.
   */
  close(): Promise<void>;
}

/**
 * ExecGo as an MCP server over streamable HTTP, for `POST`, `GET` and `DELETE` of one path. Clients of 2025-11-25 and earlier
 * get sessions; those of 2026-07-28 need none. Every request is judged by who may call before anything else, and every answer
 * carries `X-Trace-ID`.
 *
 * @throws ConfigError naming the option that cannot be used
 */
export function createMcpHandler(options: McpHandlerOptions): McpHandler {
  const resolved = resolveOptions(options);
  const { limits, logger } = resolved;
  const access = resolveAccess(options.access);
  const connections = new Connections(resolved);
  const sessions = new Sessions(connections, resolved);
  const callers = new WeakMap<Request, Caller>();
  const modern = modernHandler(
    ({ requestInfo }) => {
      const caller = requestInfo === undefined ? undefined : callers.get(requestInfo);
      if (caller === undefined) throw new ExecGoError('internal', 'a request came without its caller');
      return connections.create({ caller, goneIsCancelled: true });
    },
    {
      legacy: 'reject',
      // A call may take long: a stream shows at once that it was taken, and stays open by its comments.
      responseMode: 'sse',
      maxSubscriptions: limits.maxSubscriptions,
      keepAliveMs: limits.heartbeatMs,
      maxRequestBodySize: limits.maxMessageBytes,
      onerror: (error) => logger.debug({ err: error }, error.message),
    },
  );
  const listeners = new WeakSet<AbortSignal>();
  let closed: Promise<void> | undefined;

  function close(): Promise<void> {
    closed ??= (async () => {
      await connections.stop();
      await Promise.all([sessions.close(), modern.close()]);
    })();
    return closed;
  }

  function closeWith(signal: AbortSignal | undefined): void {
    if (signal === undefined || listeners.has(signal)) return;
    listeners.add(signal);
    if (signal.aborted) void close();
    else signal.addEventListener('abort', () => void close(), { once: true });
  }

  async function answer(request: Request, { peer, closing }: McpRequestInfo): Promise<Response> {
    const { method, headers } = request;
    checkSource(access, headers, peer);
    if (method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')) {
      return preflightAnswer(ALLOWED);
    }
    const caller = authenticate(access, headers.get('authorization'));
    if (!METHODS.includes(method)) {
      const refusal = rpcError(405, SERVER_ERROR, `method ${method} is not allowed (allowed: ${ALLOWED})`);
      refusal.headers.set('Allow', ALLOWED);
      return refusal;
    }
    closeWith(closing);
    if (connections.isStopping) throw new ExecGoError('unavailable', 'the server is stopping');
    const message = method === 'POST' ? await messageBody(request, limits.maxMessageBytes) : undefined;
    if (await isLegacyRequest(request, message)) return sessions.handle(request, message, caller);
    callers.set(request, caller);
    return modern.fetch(request, { parsedBody: message });
  }

  return {
    async fetch(request, info = {}) {
      const traceId = traceIdOf(request.headers.get('x-trace-id'));
      const origin = request.headers.get('origin');
      const response = await answer(request, info).catch((error: unknown) => {
        const known = thrownAnswer(error);
        if (known !== undefined) return known;
        logger.error({ err: error, trace_id: traceId }, `a request of MCP failed: ${errorMessage(error)}`);
        return rpcError(500, SERVER_ERROR, 'internal error; the log of the server has it under this trace_id', {
          trace_id: traceId,
        });
      });
      response.headers.set('X-Trace-ID', traceId);
      if (origin !== null && access.allowedOrigins.has(origin)) addCorsHeaders(response, origin);
      return response;
    },
    close,
  };
}
