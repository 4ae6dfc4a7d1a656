import { type Clock, ExecGoError } from '@execgo/core';
import type { Client, Tool as SdkTool } from '@modelcontextprotocol/client';
import type { ResolvedServer } from '../config/resolve-server.js';
import type { McpSession } from '../connection/mcp-session.js';
import type { ServerConnection } from '../connection/server-connection.js';
import { isSessionGone } from '../connection/session-gone.js';
import { untilAborted } from '../connection/until-aborted.js';
import { type McpTool, mcpTool } from './mcp-tool.js';
import { toolFilter } from './tool-filter.js';

/** How long a list is believed while the server is connected: some cannot say when it changes. */
const MAX_AGE_MS = 60_000;
/** How old a list must be to be fetched again for the sake of one tool that it lacks. */
const MIN_AGE_MS = 1_000;

export type Tools = ReadonlyMap<string, McpTool>;

/** The tools of one server, fetched when somebody asks and kept until they change: by name, without those denied. */
export class ToolCatalogue {
  /** Whether a tool may be seen and called, be it there or not. */
  readonly permits: (tool: string) => boolean;
  private known: { readonly tools: Tools; readonly atMs: number } | undefined;
  private isStale = true;
  private loading: Promise<Tools> | undefined;

  constructor(
    private readonly server: ResolvedServer,
    private readonly connection: ServerConnection<McpSession>,
    private readonly clock: Pick<Clock, 'monotonic' | 'after'>,
  ) {
    this.permits = toolFilter(server.allowTools, server.denyTools);
  }

  /** The list as it was last seen; undefined before the first. */
  get lastKnown(): Tools | undefined {
    return this.known?.tools;
  }

  /** The next who asks gets a new list: the server said that it changed, or it is a new connection. */
  invalidate(): void {
    this.isStale = true;
  }

  /**
   * The tools as they are now. All who ask meanwhile share one request.
   *
   * @param wanted a tool that the list should hold: without it, the list is fetched again unless it is quite new
   * @throws ExecGoError when the server cannot be reached, or does not answer within `connectTimeoutMs`
   */
  async current(signal?: AbortSignal, wanted?: string): Promise<Tools> {
    const { known } = this;
    if (known !== undefined && this.isFresh(known, wanted)) return known.tools;
    this.loading ??= this.fetch().finally(() => {
      this.loading = undefined;
    });
    return untilAborted(this.loading, signal);
  }

  private isFresh({ tools, atMs }: { readonly tools: Tools; readonly atMs: number }, wanted?: string): boolean {
    if (this.isStale) return false;
    const ageMs = this.clock.monotonic() - atMs;
    if (wanted !== undefined && !tools.has(wanted) && ageMs >= MIN_AGE_MS) return false;
    // Without a connection there is no news, and a list is no reason to start a server.
    return ageMs < MAX_AGE_MS || this.connection.stateName !== 'ready';
  }

  private async fetch(mayRepeat = true): Promise<Tools> {
    const { name } = this.server;
    const lease = await this.connection.lease();
    const { client, hasSessionId } = lease.session;
    try {
      // A change from here on makes this list stale again.
      this.isStale = false;
      const list = client.getServerCapabilities()?.tools === undefined ? [] : await this.list(client);
      const permitted = list.filter((tool) => this.permits(tool.name));
      const tools = new Map(permitted.map((tool) => [tool.name, mcpTool(name, tool)]));
      this.known = { tools, atMs: this.clock.monotonic() };
      return tools;
    } catch (error) {
      this.isStale = true;
      if (!isSessionGone(error, hasSessionId)) throw error;
      lease.retire();
      if (!mayRepeat) throw error;
    } finally {
      lease.release();
    }
    return this.fetch(false);
  }

  /** All pages within one time: many quick ones must not add up to a list that nobody gets to see. */
  private async list(client: Client): Promise<readonly SdkTool[]> {
    const { name, connectTimeoutMs } = this.server;
    const tooLong = new AbortController();
    const cancel = this.clock.after(connectTimeoutMs, () => {
      const message = `MCP server ${name}: its tools were not listed within ${connectTimeoutMs} ms (connectTimeoutMs)`;
      tooLong.abort(new ExecGoError('external_failure', message, { retryable: true }));
    });
    try {
      const { signal } = tooLong;
      const options = { timeout: connectTimeoutMs, signal, cacheMode: 'refresh' } as const;
      return (await untilAborted(client.listTools(undefined, options), signal)).tools;
    } finally {
      cancel();
    }
  }
}
