import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launch, launchReady, testFolder } from '../support/server-process.js';
import { EXIT } from './support/job.js';
import { Promises } from './support/promises.js';
import { STORES } from './support/stores.js';
import { bundleWorker, type Worker, type WorkerOptions } from './support/worker.js';

let start: (options: WorkerOptions) => Worker;
let place: TemporaryDirectory;
const workers: Worker[] = [];

beforeAll(async () => {
  start = await bundleWorker();
});
beforeEach(async () => {
  place = await temporaryDirectory();
});
afterEach(async () => {
  for (const worker of workers) worker.kill();
  await Promise.all(workers.splice(0).map(({ ended }) => ended));
  await place.remove();
});

function work(store: string, life: string): Worker {
  const job = { store, directory: join(place.path, 'data'), life, writers: 1 };
  const worker = start({ job, promises: new Promises() });
  workers.push(worker);
  return worker;
}

/** Each store against itself and against every other. */
const PAIRS = STORES.flatMap((first) => STORES.map((second) => [first.name, second.name] as const));

describe.each(PAIRS)('two processes over one directory: %s, then %s', (first, second) => {
  it("the second is refused and told the owner's pid, and the first goes on", async () => {
    const promises = new Promises();
    const job = { store: first, directory: join(place.path, 'data'), life: '1', writers: 1 };
    const owner = start({ job, promises });
    workers.push(owner);
    await owner.opened;
    const { code, refusedToOpen } = await work(second, '2').ended;
    expect(code).toBe(EXIT.refusedToOpen);
    expect(refusedToOpen).toMatch(/^unavailable /);
    expect(refusedToOpen).toContain(`pid ${owner.pid}`);
    const then = promises.size;
    await expect.poll(() => promises.size).toBeGreaterThan(then);
  });

  it('control: without the lock the second would be let in', async () => {
    const owner = work(first, '1');
    await owner.opened;
    const directory = join(place.path, 'data');
    for (const name of readdirSync(directory).filter((file) => file.startsWith('lock'))) rmSync(join(directory, name));
    const intruder = work(second, '2');
    await intruder.opened;
    intruder.kill();
    // It may still stumble over a line that the owner is just writing.
    expect((await intruder.ended).refusedToOpen ?? '').not.toContain('in use');
  });
});

describe.each(STORES)('two servers over one folder: $name', ({ name }) => {
  it("the second exits with 1 and names the owner's pid", async () => {
    const folder = testFolder();
    const first = await launchReady({ folder, flags: ['--store', name] });
    const second = launch({ folder, flags: ['--store', name] });
    expect(await second.exited).toEqual({ code: 1, signal: null });
    expect(second.log()).toContain(`pid ${first.pid}`);
  });
});
