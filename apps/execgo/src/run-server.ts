import type { ExecGoError } from '@execgo/core';
import { endNow, endOnDefect } from './end-on-defect.js';
import { createServerLog, type ServerLog } from './server-log.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import { type ExecGoServer, startServer } from './start-server.js';
import { listenForStop } from './stop-signals.js';

const OK = 0;
const FAILED = 1;

/**
 * Runs the server as this process: until a signal, or until it can no longer keep what it promises. Resolves to the exit
 * status: 0 after a clean stop, 1 after a failure.
 *
 * @throws as `startServer`
 */
export async function runServer(resolved: ResolvedSettings, { cwd }: { readonly cwd: string }): Promise<number> {
  const log = await createServerLog();
  const { logger } = log;
  endOnDefect(log);
  const signals = listenForStop((signal) => {
    logger.error({ signal }, 'stopped by force: what was running is ended and run again at the next start');
    endNow(log);
  });
  try {
    const server = await startServer(resolved, { logger, cwd });
    const reason = await Promise.race([signals.first, server.failed]);
    return typeof reason === 'string' ? await stop(server, reason, log) : await giveUp(server, reason, log);
  } finally {
    signals.release();
    log.flush();
  }
}

async function stop(server: ExecGoServer, signal: string, { logger }: ServerLog): Promise<number> {
  const { running } = server.kernel.stats();
  logger.info({ signal, running }, 'stopping: nothing new starts');
  try {
    await server.close();
    logger.info('stopped');
    return OK;
  } catch (error) {
    logger.fatal({ err: error }, 'the stop was not clean');
    return FAILED;
  }
}

async function giveUp(server: ExecGoServer, error: ExecGoError, { logger }: ServerLog): Promise<number> {
  logger.fatal(
    { err: error },
    'the store refuses to write: stopping; acknowledged tasks are safe and go on at the next start',
  );
  await server.close().catch((cause: unknown) => logger.error({ err: cause }, 'the stop was not clean'));
  return FAILED;
}
