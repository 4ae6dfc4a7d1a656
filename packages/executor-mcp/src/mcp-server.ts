import { isExecGoError, type RunContext } from '@execgo/core';
import { callError, isLost } from './call/call-error.js';
import { callResult, type McpResult } from './call/call-result.js';
import { callTool } from './call/call-tool.js';
import type { ResolvedServer } from './config/resolve-server.js';
import { CallSlots } from './connection/call-slots.js';
import type { McpSession } from './connection/mcp-session.js';
import { SessionOpener } from './connection/open-session.js';
import { ServerConnection } from './connection/server-connection.js';
import { isSessionGone } from './connection/session-gone.js';
import type { ResolvedMcpOptions } from './options.js';
import { ToolCatalogue } from './tools/tool-catalogue.js';
import { HttpTransport } from './transport/http-transport.js';
import { serverCommand } from './transport/server-command.js';
import type { ServerTransport } from './transport/server-transport.js';
import { StdioTransport } from './transport/stdio-transport.js';

/** Calls given up in a row, the server silent all the while, after which it counts as hung and is replaced. */
const MAX_SILENT_TIMEOUTS = 3;

/** One configured server: its connection, its tools, and the calls to it. */
export class McpServer {
  readonly connection: ServerConnection<McpSession>;
  readonly catalogue: ToolCatalogue;
  private readonly slots: CallSlots;
  private starts = 0;

  /**
   * @param storeId the store whose children these are; asked at each start
   */
  constructor(
    readonly config: ResolvedServer,
    private readonly options: ResolvedMcpOptions,
    private readonly storeId: () => string,
  ) {
    const { clientInfo, clock } = options;
    const onNote = (message: string) => this.note(message);
    const opener = new SessionOpener({
      server: config,
      clientInfo,
      clock,
      onNote,
      transport: () => this.transport(),
      onToolsChanged: () => this.catalogue.invalidate(),
    });
    this.connection = new ServerConnection({
      name: config.name,
      restart: config.restart,
      connectTimeoutMs: config.connectTimeoutMs,
      idleTimeoutMs: config.idleTimeoutMs,
      clock,
      onNote,
      open: async (signal) => {
        const session = await opener.open(signal);
        this.catalogue.invalidate();
        return session;
      },
    });
    this.catalogue = new ToolCatalogue(config, this.connection, clock);
    this.slots = new CallSlots(config.maxConcurrency);
  }

  /**
   * Calls a tool: waits for its turn, then for a connection, and tells the kernel before the call is sent. A connection that
   * is found dead before that is replaced within this call.
   *
   * @throws the signal's reason, or an ExecGoError that says whether the call may have been carried out
   */
  async call(tool: string, args: Record<string, unknown>, run: RunContext, handle: string): Promise<McpResult> {
    const { name, redact, timeoutMs, maxTotalTimeoutMs } = this.config;
    const { signal } = run;
    const call = {
      server: name,
      tool,
      arguments: args,
      isRepeatable: this.catalogue.lastKnown?.get(tool)?.isRepeatable ?? false,
      redact,
      timeoutMs,
      maxTotalTimeoutMs,
    };
    const accept = once(() => run.accept(handle));
    return this.slots.run(signal, async () => {
      let hadSessionId = false;
      const attempt = () =>
        this.withSession(signal, accept, (session) => {
          hadSessionId = session.hasSessionId;
          return callTool(session, call, run, this.options.clock);
        });
      const answer = await attempt()
        .catch((error: unknown) => {
          if (signal.aborted || !isSessionGone(error, hadSessionId)) throw error;
          return attempt();
        })
        .catch((error: unknown) => {
          throw signal.aborted ? signal.reason : callError(error, call);
        });
      return callResult(name, tool, answer, redact);
    });
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private async withSession<T>(
    signal: AbortSignal,
    accept: () => Promise<void>,
    work: (session: McpSession) => Promise<T>,
  ): Promise<T> {
    const lease = await this.connection.lease(signal);
    const { hasSessionId } = lease.session;
    try {
      await accept();
      signal.throwIfAborted();
      return await work(lease.session);
    } catch (error) {
      if (isSessionGone(error, hasSessionId) || isLost(error)) lease.retire();
      // An abort says nothing about the server, even one with a timeout of the task as its reason.
      const isTimeout = !signal.aborted && isExecGoError(error) && error.code === 'timeout';
      if (isTimeout && lease.session.timedOut() === MAX_SILENT_TIMEOUTS) {
        this.note(`${MAX_SILENT_TIMEOUTS} calls in a row timed out without a word of the server; it is replaced`);
        lease.retire();
      }
      throw error;
    } finally {
      lease.release();
    }
  }

  private transport(): ServerTransport {
    const { address, name, connectTimeoutMs } = this.config;
    const { maxMessageBytes, egress, confinement } = this.options;
    if (address.kind === 'http') return new HttpTransport({ ...address, egress, connectTimeoutMs, maxMessageBytes });
    this.starts += 1;
    // This process may be the second with its store in one boot: the pid keeps their children apart.
    const runId = `${this.storeId()}/mcp:${name}/${process.pid}.${this.starts}`;
    return new StdioTransport({
      command: () => serverCommand(address, runId, confinement),
      maxMessageBytes,
      onNote: (message) => this.note(message),
    });
  }

  private note(message: string): void {
    this.options.onNote({ server: this.config.name, message: this.config.redact(message) });
  }
}

/** Calls it when first asked, and gives the same promise from then on. */
function once(fn: () => Promise<void>): () => Promise<void> {
  let promise: Promise<void> | undefined;
  return () => {
    promise ??= fn();
    return promise;
  };
}
