import { randomUUID } from 'node:crypto';
import type { Caller } from '@execgo/access';
import {
  isInitializeRequest,
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Connections } from './connection.js';
import type { ResolvedOptions } from './options.js';
import { INVALID_REQUEST, rpcError, SERVER_ERROR, SESSION_NOT_FOUND } from './rpc-answer.js';
import { whenEnded } from './when-ended.js';

interface Session {
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Whose token began it: nobody else's is good for it. */
  readonly callerName: string | undefined;
  /** Requests and streams that are open. */
  open: number;
  /** When the last of them ended, in the clock's time. */
  idleSinceMs: number;
}

/**
 * The sessions of clients of 2025-11-25 and earlier. There are never more than the limit: the one that was idle longest makes
 * room, and where none is idle a new one is refused. One that is idle for too long is ended. A client whose session is gone is
 * told so with 404, and begins another one, as the protocol has it.
 */
export class Sessions {
  private readonly sessions = new Map<string, Session>();
  private beginning = 0;
  private isClosed = false;
  private cancelSweep: (() => void) | undefined;

  constructor(
    private readonly connections: Connections,
    private readonly options: ResolvedOptions,
  ) {}

  get size(): number {
    return this.sessions.size;
  }

  /** @param message the body of a POST */
  async handle(request: Request, message: unknown, caller: Caller): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) return this.begin(request, message, caller);
    const session = this.sessions.get(id);
    if (session === undefined || session.callerName !== caller.name) {
      return rpcError(
        404,
        SESSION_NOT_FOUND,
        'Session not found: it was ended, or was idle for too long; begin another',
      );
    }
    return this.within(session, () =>
      session.transport.handleRequest(request, message === undefined ? {} : { parsedBody: message }),
    );
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.cancelSweep?.();
    const all = [...this.sessions.values()];
    this.sessions.clear();
    await Promise.all(all.map(({ server }) => server.close()));
  }

  private async begin(request: Request, message: unknown, caller: Caller): Promise<Response> {
    if (!isInitializeRequest(message)) {
      return rpcError(400, INVALID_REQUEST, 'no Mcp-Session-Id: send initialize first, or a request of 2026-07-28');
    }
    if (!this.makeRoom()) {
      const answer = rpcError(503, SERVER_ERROR, `${this.sessions.size} sessions are in use, which is the limit`);
      answer.headers.set('Retry-After', '1');
      return answer;
    }
    const { limits, clock } = this.options;
    const server = this.connections.create({ caller });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      keepAliveMs: limits.heartbeatMs,
      maxRequestBodySize: limits.maxMessageBytes,
      onsessioninitialized: (id) => void this.sessions.set(id, session),
      onsessionclosed: (id) => void this.sessions.delete(id),
    });
    const session: Session = { server, transport, callerName: caller.name, open: 0, idleSinceMs: clock.monotonic() };
    this.beginning += 1;
    try {
      await server.connect(transport);
      const answer = await this.within(session, () => transport.handleRequest(request, { parsedBody: message }));
      if (transport.sessionId === undefined) await server.close();
      return answer;
    } catch (error) {
      // Nobody knows of the session: what was thrown is the whole answer.
      if (transport.sessionId !== undefined) this.sessions.delete(transport.sessionId);
      await server.close();
      throw error;
    } finally {
      this.beginning -= 1;
    }
  }

  /** Counts the request until its answer has been read to the end, which for a stream is when the client goes. */
  private async within(session: Session, handle: () => Promise<Response>): Promise<Response> {
    session.open += 1;
    try {
      return whenEnded(await handle(), () => this.leave(session));
    } catch (error) {
      this.leave(session);
      throw error;
    }
  }

  private leave(session: Session): void {
    session.open -= 1;
    session.idleSinceMs = this.options.clock.monotonic();
    this.planSweep();
  }

  private makeRoom(): boolean {
    const { maxSessions } = this.options.limits;
    if (this.sessions.size + this.beginning < maxSessions) return true;
    const [longest] = this.idle().sort(([, a], [, b]) => a.idleSinceMs - b.idleSinceMs);
    if (longest === undefined) return false;
    this.end(...longest);
    return true;
  }

  private planSweep(): void {
    if (this.isClosed || this.cancelSweep !== undefined) return;
    this.cancelSweep = this.options.clock.after(this.options.limits.sessionIdleMs, () => {
      this.cancelSweep = undefined;
      this.sweep();
    });
  }

  /** So a session lives for twice the idle time at most, and each request costs no timer. */
  private sweep(): void {
    const endBeforeMs = this.options.clock.monotonic() - this.options.limits.sessionIdleMs;
    for (const [id, session] of this.idle()) if (session.idleSinceMs <= endBeforeMs) this.end(id, session);
    if (this.sessions.size > 0) this.planSweep();
  }

  private idle(): [string, Session][] {
    return [...this.sessions].filter(([, { open }]) => open === 0);
  }

  private end(id: string, { server }: Session): void {
    this.sessions.delete(id);
    server.close().catch((err: unknown) => this.options.logger.error({ err }, 'a session could not be ended'));
  }
}
