import { randomUUID } from 'node:crypto';
import {
  ExecGoError,
  type Executor,
  findReferences,
  isExecGoError,
  isJsonObject,
  type RunContext,
  type TaskSpec,
  type Tool,
} from '@execgo/core';
import { endLeftovers } from '@execgo/process';
import { type CallTarget, callTarget, ECHO } from './call/call-target.js';
import type { McpServer } from './mcp-server.js';
import { type McpExecutorOptions, type ResolvedMcpOptions, resolveMcpOptions } from './options.js';
import type { Tools } from './tools/tool-catalogue.js';

/** Names that a message offers instead of an unknown one. */
const MAX_OFFERED = 20;

/**
 * The executor of category `mcp`: the tools of the configured MCP servers, named `server.tool`. Nothing is started or
 * connected before it is needed. `open` ends the servers that an earlier life of the store left running; `close` ends all
 * that this one started.
 *
 * @throws ConfigError for a bad option, naming server and field
 */
export function createMcpExecutor(options: McpExecutorOptions): Executor {
  return new McpExecutor(resolveMcpOptions(options));
}

class McpExecutor implements Executor {
  readonly category = 'mcp';
  private readonly names: ReadonlySet<string>;
  private loading: Promise<ReadonlyMap<string, McpServer>> | undefined;
  private storeId: string = randomUUID();

  constructor(private readonly options: ResolvedMcpOptions) {
    this.names = new Set(options.servers.map(({ name }) => name));
  }

  async open({ storeId }: { readonly storeId: string }): Promise<void> {
    this.storeId = storeId;
    await endLeftovers(storeId);
  }

  /** Never fails: of a server that cannot be reached it gives the tools that were last seen, which may be none. */
  async tools(): Promise<readonly Tool[]> {
    const servers = await this.load();
    const lists = await Promise.all(
      [...servers.values()].map(async ({ catalogue, connection }): Promise<Tools | undefined> => {
        if (connection.isWaiting) return catalogue.lastKnown;
        return catalogue.current().catch(() => catalogue.lastKnown);
      }),
    );
    return lists.flatMap((tools) => [...(tools?.values() ?? [])].map(({ forAgents }) => forAgents));
  }

  /**
   * A server whose tools are not known is asked for them. One that cannot be reached is no reason to refuse the task: its
   * attempts will fail, and can be retried.
   */
  async check(task: TaskSpec): Promise<void> {
    try {
      await this.checkTarget(callTarget(task));
    } catch (error) {
      throw isExecGoError(error) ? withTask(error, task) : error;
    }
  }

  async execute(task: TaskSpec, run: RunContext): Promise<unknown> {
    const { server: serverName, tool, arguments: input, path } = callTarget(task);
    run.signal.throwIfAborted();
    if (serverName === undefined || tool === undefined || findReferences(input).length > 0) {
      throw new ExecGoError('internal', `task ${JSON.stringify(task.id)}: its references were not resolved`);
    }
    if (this.isEcho(serverName, tool)) {
      await run.accept(task.id);
      return { tool_name: `${ECHO.server}.${ECHO.tool}`, echo: input };
    }
    const server = await this.server(serverName);
    this.checkPermitted(server, tool);
    if (!isJsonObject(input)) throw new ExecGoError('invalid_input', `${path}: expected an object`);
    return server.call(tool, input, run, task.id);
  }

  /** Also gives servers that were left alone for long enough a new try, whose outcome the next question sees. */
  async health(): Promise<void> {
    const servers = this.loading === undefined ? [] : (await this.loading).values();
    const troubles = [...servers].flatMap(({ connection }) => {
      const { trouble } = connection;
      if (trouble === undefined) return [];
      if (!connection.isWaiting) retryBehind(connection);
      return [trouble];
    });
    if (troubles.length === 0) return;
    throw new ExecGoError('unavailable', troubles.map(({ message }) => message).join('; '));
  }

  async close(): Promise<void> {
    if (this.loading === undefined) return;
    await Promise.all([...(await this.loading).values()].map((server) => server.close()));
  }

  private async checkTarget(target: CallTarget): Promise<void> {
    const { server: serverName, tool, arguments: input, path } = target;
    if (serverName === undefined) return;
    if (this.isEcho(serverName, tool)) return;
    const server = await this.server(serverName);
    if (tool === undefined) return;
    this.checkPermitted(server, tool);
    const { catalogue, connection } = server;
    const tools = connection.isWaiting
      ? catalogue.lastKnown
      : await catalogue.current(undefined, tool).catch(() => catalogue.lastKnown);
    if (tools === undefined) {
      if (!isJsonObject(input)) throw new ExecGoError('invalid_input', `${path}: expected an object`);
      return;
    }
    const found = tools.get(tool);
    if (found === undefined) {
      const name = JSON.stringify(`${serverName}.${tool}`);
      throw new ExecGoError('not_found', `unknown tool ${name} (available: ${offered([...tools.keys()])})`);
    }
    found.arguments.check(input, path);
  }

  /** The SDK takes longer to load than the rest of a server, so it is left out where no server is configured, or none is asked for. */
  private load(): Promise<ReadonlyMap<string, McpServer>> {
    this.loading ??= this.makeServers();
    return this.loading;
  }

  private async makeServers(): Promise<ReadonlyMap<string, McpServer>> {
    if (this.names.size === 0) return new Map();
    const { McpServer } = await import('./mcp-server.js');
    const servers = this.options.servers.map((config) => new McpServer(config, this.options, () => this.storeId));
    return new Map(servers.map((server) => [server.config.name, server]));
  }

  private isEcho(server: string, tool: string | undefined): boolean {
    return server === ECHO.server && tool === ECHO.tool && !this.names.has(server);
  }

  private async server(name: string): Promise<McpServer> {
    const server = (await this.load()).get(name);
    if (server !== undefined) return server;
    const available = `(available: ${offered([...this.names])})`;
    throw new ExecGoError('not_found', `unknown MCP server ${JSON.stringify(name)} ${available}`);
  }

  private checkPermitted({ catalogue, config }: McpServer, tool: string): void {
    if (catalogue.permits(tool)) return;
    const why = 'the configuration of its server (allowTools, denyTools) does not let it be called';
    throw new ExecGoError('denied', `tool ${JSON.stringify(`${config.name}.${tool}`)} is denied: ${why}`);
  }
}

function retryBehind(connection: McpServer['connection']): void {
  connection.lease().then(
    (lease) => lease.release(),
    () => undefined,
  );
}

function offered(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown = [...names].sort().slice(0, MAX_OFFERED).join(', ');
  return names.length > MAX_OFFERED ? `${shown}, and ${names.length - MAX_OFFERED} more` : shown;
}

function withTask(error: ExecGoError, task: TaskSpec): ExecGoError {
  return new ExecGoError(error.code, `task ${JSON.stringify(task.id)}: ${error.message}`, {
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: error,
  });
}
