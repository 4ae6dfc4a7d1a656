import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { Connections } from './connection.js';
import { type McpServerOptions, resolveOptions } from './options.js';

export interface McpStdioOptions extends McpServerOptions {
  /** @default the standard input of this process */
  readonly stdin?: Readable;
  /** Nothing else may write to it. @default the standard output of this process */
  readonly stdout?: Writable;
}

export interface McpStdioServer {
  /** Resolves when the client has gone (its end of the pipe is closed), or the server was closed. Never rejects. */
  readonly ended: Promise<void>;
  /** Answers what is under way with what there is, and ends the connection; the streams stay the caller's. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * ExecGo as an MCP server for one client, which has started this process: whoever it is may do everything. Its going away
 * cancels nothing.
 *
 * @throws ConfigError naming the option that cannot be used
 */
export function serveMcpStdio(options: McpStdioOptions): McpStdioServer {
  const resolved = resolveOptions(options);
  const { limits, logger } = resolved;
  const { stdin = process.stdin, stdout = process.stdout } = options;
  const connections = new Connections(resolved);
  const wire = new StdioServerTransport(stdin, stdout, { maxBufferSize: limits.maxMessageBytes });
  const server = serveStdio(() => connections.create(), {
    transport: wire,
    maxSubscriptions: limits.maxSubscriptions,
    onerror: (error) => logger.debug({ err: error }, error.message),
  });
  const ended = new Promise<void>((resolve) => {
    const inner = wire.onclose;
    wire.onclose = () => {
      inner?.();
      resolve();
    };
  });
  let closed: Promise<void> | undefined;
  return {
    ended,
    close() {
      closed ??= connections.stop().then(() => server.close());
      return closed;
    },
  };
}
