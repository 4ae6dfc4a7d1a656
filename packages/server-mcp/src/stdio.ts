import type { Readable, Writable } from 'node:stream';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { Connections } from './connection.js';
import { CountedTransport } from './counted-transport.js';
import { HeldInput } from './held-input.js';
import { type McpServerOptions, resolveOptions } from './options.js';

/** How long the last answers may take to be written to a client that does not read them, in milliseconds. */
const LAST_WRITE_MS = 1000;

export interface McpStdioOptions extends McpServerOptions {
  /** @default the standard input of this process */
  readonly stdin?: Readable;
  /** Nothing else may write to it. @default the standard output of this process */
  readonly stdout?: Writable;
}

export interface McpStdioServer {
  /**
   * Resolves when the client has gone (its end of the pipe is closed) and has the answers to what it had asked, or the server was
   * closed. Never rejects.
   */
  readonly ended: Promise<void>;
  /** Answers what is under way with what there is, and ends the connection; the streams stay the caller's. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * ExecGo as an MCP server for one client, which has started this process: whoever it is may do everything. Its going away
 * cancels nothing: what it had asked until then is answered, and calls under way get `limits.drainMs` for that.
 *
 * @throws ConfigError naming the option that cannot be used
 */
export function serveMcpStdio(options: McpStdioOptions): McpStdioServer {
  const resolved = resolveOptions(options);
  const { limits, logger } = resolved;
  const { stdin = process.stdin, stdout = process.stdout } = options;
  const connections = new Connections(resolved);
  const lastAnswers = async () => {
    await wire.answered(limits.drainMs);
    await connections.stop();
    await wire.answered(LAST_WRITE_MS);
    await flushed(stdout, LAST_WRITE_MS);
  };
  const input = new HeldInput(stdin, (fn) => resolved.clock.turn(fn), lastAnswers);
  const wire = new CountedTransport(new StdioServerTransport(input, stdout, { maxBufferSize: limits.maxMessageBytes }));
  const server = serveStdio(() => connections.create(), {
    transport: wire,
    maxSubscriptions: limits.maxSubscriptions,
    onerror: (error) => logger.debug({ err: error }, error.message),
  });
  const ended = new Promise<void>((resolve) => {
    const inner = wire.onclose;
    wire.onclose = () => {
      inner?.();
      input.release();
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

/** Resolves when what was written has left this process, or its reader takes too long. */
function flushed(stdout: Writable, timeoutMs: number): Promise<void> {
  if (!stdout.writable) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs);
    stdout.write('', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
