import type { Caller } from '@execgo/access';
import { NAMELESS } from '@execgo/access';
import { errorMessage, isExecGoError, type JsonObject } from '@execgo/core';
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { CallEnd } from './call-end.js';
import { CallProgress } from './call-progress.js';
import { INSTRUCTIONS } from './instructions.js';
import type { ResolvedOptions } from './options.js';
import { ProgressSender } from './progress-sender.js';
import { thrownResult } from './tool-result.js';
import { ToolSet } from './tool-set.js';

/** How long clients may go by a list of tools, in milliseconds: the kernel does not tell when its tools change. */
const TOOLS_TTL_MS = 60_000;

export interface ConnectionOptions {
  /** @default somebody without a name who may do everything */
  readonly caller?: Caller;
  /** Whether to be gone is to cancel, as it is over HTTP from 2026-07-28 on. @default false */
  readonly goneIsCancelled?: boolean;
}

/** Makes the server of each connection, and knows what is under way on all of them together. */
export class Connections {
  private readonly tools: ToolSet;
  private readonly stopping = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(private readonly options: ResolvedOptions) {
    this.tools = new ToolSet(options);
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** A server for one connection, or for one request where there are no connections; not yet connected. */
  create({ caller = NAMELESS, goneIsCancelled = false }: ConnectionOptions = {}): Server {
    const { version, logger } = this.options;
    const server = new Server(
      { name: 'execgo', title: 'ExecGo', version },
      {
        capabilities: { tools: {} },
        instructions: INSTRUCTIONS,
        cacheHints: { 'tools/list': { ttlMs: TOOLS_TTL_MS, cacheScope: 'private' } },
      },
    );
    server.onerror = (error) => logger.debug({ err: error }, error.message);
    server.setRequestHandler('tools/list', async () => ({ tools: await this.list(caller) }));
    server.setRequestHandler('tools/call', ({ params }, context) => {
      const call = this.call(params.name, (params.arguments ?? {}) as JsonObject, context, caller, goneIsCancelled);
      return this.track(call);
    });
    return server;
  }

  /** Ends what waits, and resolves when every call under way has its answer: what there is, or that the server stops. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.underWay);
    // The SDK sends an answer some turns after it has been made.
    await new Promise<void>((resolve) => this.options.clock.turn(resolve));
  }

  private async list(caller: Caller) {
    try {
      return await this.tools.list(caller);
    } catch (error) {
      if (!isExecGoError(error)) throw this.defect(error, 'tools/list');
      const code = error.code === 'denied' ? ProtocolErrorCode.InvalidRequest : ProtocolErrorCode.InternalError;
      throw new ProtocolError(code, `${error.code}: ${error.message}`, { code: error.code });
    }
  }

  private async call(
    name: string,
    given: JsonObject,
    { mcpReq }: ServerContext,
    caller: Caller,
    goneIsCancelled: boolean,
  ): Promise<CallToolResult> {
    const { kernel, logger } = this.options;
    const end = new CallEnd([mcpReq.signal, this.stopping.signal]);
    const progress = new CallProgress(kernel, this.sender(mcpReq), logger);
    try {
      return await this.tools.call(name, {
        kernel,
        options: this.options,
        caller,
        arguments: given,
        end: end.signal,
        isCancelled: () => mcpReq.signal.aborted && (goneIsCancelled || !isGone(mcpReq.signal.reason)),
        isStopping: () => this.isStopping,
        progress,
      });
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      const result = thrownResult(error);
      if (result !== undefined) return result;
      // Nobody reads the answer to a call that was given up; what its wait was ended with is no defect.
      if (end.signal.aborted && error === end.signal.reason) throw error;
      throw this.defect(error, name);
    } finally {
      progress.close();
      end.release();
    }
  }

  private sender({ _meta, notify }: ServerContext['mcpReq']): ProgressSender | undefined {
    const progressToken = _meta?.progressToken;
    if (progressToken === undefined) return undefined;
    const { clock, limits } = this.options;
    return new ProgressSender({
      clock,
      intervalMs: limits.progressIntervalMs,
      silenceMs: limits.progressSilenceMs,
      send: (progress) => notify({ method: 'notifications/progress', params: { progressToken, ...progress } }),
    });
  }

  /** What was thrown and not written for strangers is logged, and not shown. */
  private defect(error: unknown, place: string): ProtocolError {
    this.options.logger.error({ err: error, tool: place }, `a call failed: ${errorMessage(error)}`);
    return new ProtocolError(ProtocolErrorCode.InternalError, 'internal error; the log of the server has it');
  }

  private track<T>(call: Promise<T>): Promise<T> {
    this.underWay.add(call);
    const settled = () => this.underWay.delete(call);
    call.then(settled, settled);
    return call;
  }
}

/** The connection ended, whoever ended it: nothing was said about the work. */
function isGone(reason: unknown): boolean {
  return reason instanceof SdkError && reason.code === SdkErrorCode.ConnectionClosed;
}
