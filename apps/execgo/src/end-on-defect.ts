import type { ServerLog } from './server-log.js';

const FAILED = 1;

/** After an error that nothing caught, memory cannot be trusted; the journal can, so the next start goes on from there. */
export function endOnDefect(log: ServerLog): void {
  process.on('uncaughtException', (error, origin) => {
    log.logger.fatal({ err: error, origin }, 'a defect ended the server');
    endNow(log);
  });
}

/** Ends the process as it is, with what the log still held back written. */
export function endNow(log: ServerLog): never {
  log.flush();
  process.exit(FAILED);
}
