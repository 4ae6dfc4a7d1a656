import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleScript, manyFinished, temporaryDirectory } from '@execgo/testkit';
import { createJsonFileMaintenance } from '../src/index.js';

export interface ManyTasksFigures {
  readonly lastSeq: number;
  /** Terminal tasks that the opened store counts. */
  readonly total: number;
  readonly stateBytes: number;
  readonly fillMs: number;
  readonly openMs: number;
  readonly closeMs: number;
  /** Of the process that has it open, in bytes. */
  readonly rss: number;
  readonly heapUsed: number;
}

/** Fills a store with finished tasks in a stream, and opens it in a process of its own. */
export async function openMany(tasks: number): Promise<ManyTasksFigures> {
  const place = await temporaryDirectory();
  try {
    const directory = join(place.path, 'data');
    const startedAt = performance.now();
    await createJsonFileMaintenance({ directory }).fill(await manyFinished(tasks).read());
    const fillMs = Math.round(performance.now() - startedAt);
    const { size: stateBytes } = await stat(join(directory, 'state.json'));
    const script = await bundleScript(new URL('./opening-child.ts', import.meta.url), place.path);
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=8192', script, directory]);
    return { ...JSON.parse(stdout), stateBytes, fillMs };
  } finally {
    await place.remove();
  }
}
