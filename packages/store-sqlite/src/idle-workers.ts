import { Worker } from 'node:worker_threads';
import { workerFile } from './worker-file.js';

/** Threads that are kept for the next store: as many as one store has. */
const MAX_IDLE = 2;
const idle = new Set<Worker>();

/**
 * A thread for a store. Starting one takes some fifty milliseconds of a core, so those of a store that was closed are used again.
 * It does not keep the process alive.
 *
 * @throws ExecGoError `unavailable` where the entry of the thread is missing
 */
export function takeWorker(): Worker {
  for (const worker of idle) {
    forget(worker);
    return worker;
  }
  // The options of the main thread are not for this one: a loader or an inspector would be started twice.
  const worker = new Worker(workerFile(), { execArgv: [], name: 'execgo-sqlite' });
  worker.unref();
  return worker;
}

/** Takes back a thread that has closed all that it had open. */
export async function giveBack(worker: Worker): Promise<void> {
  quiet(worker);
  if (idle.size >= MAX_IDLE) {
    await worker.terminate();
    return;
  }
  worker.unref();
  worker.on('error', () => forget(worker));
  worker.on('exit', () => forget(worker));
  idle.add(worker);
}

function forget(worker: Worker): void {
  idle.delete(worker);
  quiet(worker);
}

/** Takes away our listeners, and none of Node's own. */
function quiet(worker: Worker): void {
  for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
}
