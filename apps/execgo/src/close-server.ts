import { setTimeout as sleep } from 'node:timers/promises';
import type { Scheduler } from '@execgo/scheduler';
import type { RunningServer } from '@execgo/server-http';

/** Requests under way end well in this time; after it, a slow client no longer holds up the kernel. */
const HTTP_FIRST_MS = 1000;

/** Ends a server in good order; see `ExecGoServer.close`. @throws ExecGoError when the store cannot flush */
export async function closeServer(http: RunningServer, scheduler: Scheduler, graceMs: number): Promise<void> {
  const drained = http.close();
  const patience = new AbortController();
  await Promise.race([drained, sleep(HTTP_FIRST_MS, undefined, { signal: patience.signal })]);
  patience.abort();
  await scheduler.stop({ graceMs });
  await drained;
}
