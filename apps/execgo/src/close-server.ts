import { setTimeout as sleep } from 'node:timers/promises';
import type { Scheduler } from '@execgo/scheduler';
import type { RunningGrpcServer } from '@execgo/server-grpc';
import type { RunningServer } from '@execgo/server-http';

/** Requests under way end well in this time; after it, a slow client no longer holds up the kernel. */
const DOORS_FIRST_MS = 1000;

/** What callers come in by. */
export interface Doors {
  readonly http: RunningServer;
  readonly grpc: RunningGrpcServer | undefined;
}

/** Takes nothing new, and waits for what is under way. */
export async function closeDoors({ http, grpc }: Doors): Promise<void> {
  await Promise.all([http.close(), grpc?.close()]);
}

/** Ends a server in good order; see `ExecGoServer.close`. @throws ExecGoError when the store cannot flush */
export async function closeServer(doors: Doors, scheduler: Scheduler, graceMs: number): Promise<void> {
  const drained = closeDoors(doors);
  const patience = new AbortController();
  await Promise.race([drained, sleep(DOORS_FIRST_MS, undefined, { signal: patience.signal })]);
  patience.abort();
  await scheduler.stop({ graceMs });
  await drained;
}
