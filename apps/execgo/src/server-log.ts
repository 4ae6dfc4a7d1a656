import { type Logger, pino } from 'pino';

const STDERR = 2;

export interface ServerLog {
  readonly logger: Logger;
  /** Writes what is still held back: call it last. */
  flush(): void;
}

/** The log of the server, on stderr so that stdout stays free: one JSON object a line, or a readable line on a terminal. */
export async function createServerLog(): Promise<ServerLog> {
  if (process.stderr.isTTY) {
    const { default: pretty } = await import('pino-pretty');
    const stream = pretty({ destination: STDERR, sync: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' });
    return { logger: pino(stream), flush: () => {} };
  }
  const destination = pino.destination({ dest: STDERR, sync: false });
  // Whoever reads the log may go away; the tasks that run here must not end with it.
  destination.on('error', () => {});
  return {
    logger: pino({ timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } }, destination),
    flush: () => flushIfOpen(destination),
  };
}

function flushIfOpen(destination: { flushSync(): void }): void {
  try {
    destination.flushSync();
  } catch {
    // Not yet open, or its reader is gone: there is nowhere to tell it.
  }
}
