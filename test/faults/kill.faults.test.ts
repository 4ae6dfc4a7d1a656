import { beforeAll, describe, expect, it } from 'vitest';
import { SOUND } from './support/found.js';
import { killRounds } from './support/kill-rounds.js';
import { sizeOf } from './support/sizes.js';
import { STORES } from './support/stores.js';
import { bundleWorker, type Worker, type WorkerOptions } from './support/worker.js';

const KILLS = sizeOf('kills');
/** A sabotaged store has to be found out within so many; it takes about ten, and the first find ends the search. */
const CONTROL_KILLS = 300;
let start: (options: WorkerOptions) => Worker;

beforeAll(async () => {
  start = await bundleWorker();
});

describe.each(STORES)('kill -9 of 8 concurrent writers: $name', (store) => {
  it(`${KILLS.text('kills')}: nothing acknowledged is lost, no success seen is undone, no graph is half there`, async () => {
    const report = await killRounds(start, { store, worker: store.name, kills: KILLS.count, seed: KILLS.count });
    const { kills, acknowledged, seenSucceeded } = report;
    console.warn(
      `${store.name}: ${kills} kills, ${acknowledged} tasks acknowledged, ${seenSucceeded} known to succeed`,
    );
    expect(report.broken).toEqual(SOUND);
    expect(acknowledged).toBeGreaterThan(kills);
  });

  it.each([
    ['acknowledges before the append resolves', 'lost'],
    ['shows at once what it appends later', 'undone'],
    ['appends event by event', 'half'],
  ] as const)('control: a store that %s is found out', async (how, kind) => {
    const worker = `${store.name} that ${how}`;
    const { broken } = await killRounds(start, { store, worker, kills: CONTROL_KILLS, seed: 7, seeks: kind });
    expect(broken).toMatchObject({ [kind]: expect.arrayContaining([expect.any(String)]) });
  });
});
