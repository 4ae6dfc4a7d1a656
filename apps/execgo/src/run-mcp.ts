import { Console } from 'node:console';
import { ExecGoError, isExecGoError } from '@execgo/core';
import { type McpStdioServer, serveMcpStdio } from '@execgo/server-mcp';
import type { Logger } from 'pino';
import { assembleKernel, type KernelAssembly } from './assemble-kernel.js';
import { endNow, endOnDefect } from './end-on-defect.js';
import { mcpOptions } from './mcp-options.js';
import { describeAddress, resolvePolicy } from './policy.js';
import { createServerLog } from './server-log.js';
import type { ListenAddress } from './settings/kinds.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import { logStart } from './start-log.js';
import { listenForStop } from './stop-signals.js';
import { VERSION } from './version.js';

const OK = 0;
const FAILED = 1;
/** Running attempts get no longer to end by themselves: hosts kill a server that is not gone some seconds after its stdin ended. */
const MAX_GRACE_MS = 500;

export interface McpRunOptions {
  readonly cwd: string;
  /** Where a server is to be looked for that has the store. @default unknown */
  readonly serverAddress?: () => ListenAddress | undefined;
}

/**
 * Runs an MCP server over stdio as this process, with a kernel of its own: until its client is gone, or a signal, or it can no
 * longer keep what it promises. What still runs then goes on at the next start. Resolves to the exit status: 0 after a clean
 * stop, 1 after a failure.
 *
 * @throws SettingsError, ConfigError or ExecGoError as `startServer`
 */
export async function runMcp(resolved: ResolvedSettings, options: McpRunOptions): Promise<number> {
  const log = await createServerLog();
  const { logger } = log;
  endOnDefect(log);
  keepStdoutFree();
  const signals = listenForStop((signal) => {
    logger.error({ signal }, 'stopped by force: what was running is ended and run again at the next start');
    endNow(log);
  });
  try {
    const assembly = await start(resolved, options, logger);
    const mcp = serveMcpStdio({
      kernel: assembly.scheduler,
      version: VERSION,
      logger,
      ...mcpOptions(resolved.settings),
    });
    const gone = mcp.ended.then(() => 'the client is gone' as const);
    const reason = await Promise.race([signals.first, gone, assembly.failed]);
    return await stop(assembly, mcp, reason, resolved, logger);
  } finally {
    signals.release();
    log.flush();
  }
}

async function start(
  resolved: ResolvedSettings,
  { cwd, serverAddress }: McpRunOptions,
  logger: Logger,
): Promise<KernelAssembly> {
  const policy = resolvePolicy(resolved.settings, false);
  const assembly = await assembleKernel(resolved, { policy, logger, cwd });
  const { sandbox, sources, cache, scheduler } = assembly;
  const recovery = await scheduler.start().catch((error: unknown) => {
    throw explained(error, serverAddress?.());
  });
  logStart(logger, {
    resolved,
    policy,
    sandbox,
    sources,
    recovery,
    ...(cache !== undefined && { cache: `${cache.address} (${cache.stats().state})` }),
    url: 'stdio',
    hasToken: false,
  });
  return assembly;
}

async function stop(
  { scheduler }: KernelAssembly,
  mcp: McpStdioServer,
  reason: string | ExecGoError,
  { settings }: ResolvedSettings,
  logger: Logger,
): Promise<number> {
  const failed = typeof reason !== 'string';
  if (failed) logger.fatal({ err: reason }, 'the store refuses to write: stopping');
  else logger.info({ reason, running: scheduler.stats().running }, 'stopping: nothing new starts');
  try {
    await mcp.close();
    await scheduler.stop({ graceMs: Math.min(MAX_GRACE_MS, settings.shutdownTimeout * 1000) });
    logger.info('stopped');
    return failed ? FAILED : OK;
  } catch (error) {
    logger.fatal({ err: error }, 'the stop was not clean');
    return FAILED;
  }
}

/** Whatever a driver prints must not end up between the messages of the protocol. */
function keepStdoutFree(): void {
  globalThis.console = new Console({ stdout: process.stderr, stderr: process.stderr });
}

/** The lock of a store names its owner: what can be done is said here. */
function explained(error: unknown, addr: ListenAddress | undefined): unknown {
  if (!isExecGoError(error, 'unavailable') || typeof error.details?.pid !== 'number') return error;
  const { host = '127.0.0.1', port = 0 } = addr ?? {};
  const url = port === 0 ? 'the URL of that server with /mcp' : `http://${describeAddress({ host, port })}/mcp`;
  const advice = `If that is an ExecGo server, connect to ${url} instead, or choose another --data-dir`;
  return new ExecGoError('unavailable', `${error.message}. ${advice}`, { details: error.details, cause: error });
}
