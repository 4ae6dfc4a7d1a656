import { type Clock, ExecGoError, errorMessage, isExecGoError } from '@execgo/core';
import {
  Client,
  type ClientOptions,
  type Implementation,
  type JsonSchemaValidator,
  type jsonSchemaValidator,
  SdkError,
  SdkErrorCode,
} from '@modelcontextprotocol/client';
import { clip } from '../clip.js';
import type { ResolvedServer } from '../config/resolve-server.js';
import type { Era } from '../config/server-config.js';
import type { ServerTransport } from '../transport/server-transport.js';
import { McpSession } from './mcp-session.js';
import { untilAborted } from './until-aborted.js';

/** Pages of tools that are followed: a list that does not end is an error. */
const MAX_LIST_PAGES = 100;
/** A server that has not answered the question for its protocol by then is taken for a legacy one: over pipes, over HTTP. */
const MAX_PROBE_MS = { stdio: 2_000, http: 10_000 };
const MAX_REASON_LENGTH = 6_000;
/** Causes that are followed to find the one of ours. */
const MAX_CAUSES = 8;
/**
 * Results are not measured against the schema of their tool: the call was carried out, and to throw its result away undoes
 * nothing. Without a validator the SDK looks at none of them; its own would keep each schema it ever saw.
 */
const NO_OUTPUT_CHECK: jsonSchemaValidator = {
  getValidator: <T>() => undefined as unknown as JsonSchemaValidator<T>,
};

export interface SessionOpenerOptions {
  readonly server: ResolvedServer;
  readonly clientInfo: Implementation;
  /** A transport that was not used before. */
  readonly transport: () => ServerTransport;
  /** The server says that its tools have changed. */
  readonly onToolsChanged: () => void;
  readonly clock: Pick<Clock, 'after'>;
  readonly onNote: (message: string) => void;
}

interface FailedStart {
  readonly error: ExecGoError;
  /** That is how servers fail that know no other protocol than the older one. */
  readonly mayBeLegacy: boolean;
}

/**
 * Makes sessions with one server. With `era: auto` it asks the server for the newer protocol in the connection itself; one
 * that turned out to be legacy is not asked again, until a start fails.
 */
export class SessionOpener {
  private isKnownLegacy = false;

  constructor(private readonly options: SessionOpenerOptions) {}

  /** @throws ExecGoError saying why there is no session, with what the server said last; then nothing of it runs */
  async open(signal: AbortSignal): Promise<McpSession> {
    const { server, clock } = this.options;
    const timeout = new AbortController();
    const cancel = clock.after(server.connectTimeoutMs, () => {
      const message = `it did not answer within ${server.connectTimeoutMs} ms (connectTimeoutMs)`;
      timeout.abort(new ExecGoError('external_failure', message, { retryable: true }));
    });
    try {
      return await this.inSomeEra(AbortSignal.any([signal, timeout.signal]));
    } finally {
      cancel();
    }
  }

  private async inSomeEra(signal: AbortSignal): Promise<McpSession> {
    const { era } = this.options.server;
    const first = await this.attempt(era === 'auto' && this.isKnownLegacy ? 'legacy' : era, signal);
    if (first instanceof McpSession) return this.remember(first);
    const wasAsked = era === 'auto' && !this.isKnownLegacy;
    this.isKnownLegacy = false;
    if (!wasAsked || !first.mayBeLegacy || signal.aborted) throw first.error;
    const second = await this.attempt('legacy', signal);
    if (second instanceof McpSession) return this.remember(second);
    throw second.error;
  }

  private remember(session: McpSession): McpSession {
    this.isKnownLegacy = session.client.getProtocolEra() === 'legacy';
    return session;
  }

  private async attempt(era: Era, signal: AbortSignal): Promise<McpSession | FailedStart> {
    const { onNote, clientInfo, server } = this.options;
    const transport = this.options.transport();
    const client = new Client(clientInfo, this.clientOptions(era));
    // Late answers, unknown ids and the like: nothing that anybody waits for.
    client.onerror = (error) => onNote(clip(server.redact(errorMessage(error)), MAX_REASON_LENGTH));
    try {
      await untilAborted(client.connect(transport, { timeout: server.connectTimeoutMs, signal }), signal);
      return new McpSession(client, transport);
    } catch (error) {
      // Some end when they are asked anything before `initialize`, others do not answer.
      const isSilent = error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout;
      const mayBeLegacy = isSilent || (server.address.kind === 'stdio' && transport.isOver);
      await client.close().catch(() => undefined);
      await transport.close().catch(() => undefined);
      return { error: this.startError(signal.aborted ? signal.reason : error, transport), mayBeLegacy };
    }
  }

  private clientOptions(era: Era): ClientOptions {
    const { server, onToolsChanged } = this.options;
    const timeoutMs = Math.min(MAX_PROBE_MS[server.address.kind], Math.ceil(server.connectTimeoutMs / 2));
    const isPinned = era === '2026-07-28';
    return {
      versionNegotiation: { mode: isPinned ? { pin: era } : era, ...(isPinned ? {} : { probe: { timeoutMs } }) },
      listMaxPages: MAX_LIST_PAGES,
      listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: onToolsChanged } },
      // Nobody sits here who could answer a server's questions.
      inputRequired: { autoFulfill: false },
      jsonSchemaValidator: NO_OUTPUT_CHECK,
    };
  }

  private startError(error: unknown, transport: ServerTransport): ExecGoError {
    const { server } = this.options;
    const known = transport.startFailure() ?? knownCause(error);
    const reasons = [errorMessage(known ?? error), transport.lastWords()].filter((text) => text !== '');
    const verb = server.address.kind === 'stdio' ? 'started' : 'reached';
    const text = `MCP server ${server.name} cannot be ${verb}: ${reasons.join('; ')}`;
    const message = clip(server.redact(text), MAX_REASON_LENGTH);
    // The original may hold what the message must not.
    if (known?.code === 'denied' || known?.code === 'sandbox_setup_failed') return new ExecGoError(known.code, message);
    const code = known?.code === 'not_found' || known?.code === 'launch_failed' ? 'launch_failed' : 'external_failure';
    return new ExecGoError(code, message, { retryable: true });
  }
}

/** The error of ours among the causes of one of the SDK's. */
function knownCause(error: unknown): ExecGoError | undefined {
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof cause === 'object' && cause !== null; depth += 1) {
    if (isExecGoError(cause)) return cause;
    const { cause: direct, data } = cause as { cause?: unknown; data?: { cause?: unknown } };
    cause = direct ?? data?.cause;
  }
  return undefined;
}
