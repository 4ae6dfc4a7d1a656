import { beforeAll, describe, expect, it } from 'vitest';
import { FAULT_KINDS, type FaultKind, type FaultPoint, faultPoint } from './support/fault-points.js';
import { IS_LONG, sizeOf } from './support/sizes.js';
import { skippedNote } from './support/skipped-note.js';
import { type DurableStore, STORES } from './support/stores.js';
import { whyNoStrace } from './support/trace.js';
import { bundleWorker, type Worker, type WorkerOptions } from './support/worker.js';

const POINTS = sizeOf('faultPoints');
const SIDE_POINTS = sizeOf('sidePoints');
/** The long proof takes each, the quick one a few that lie apart. */
const NTHS = Array.from({ length: POINTS.count }, (_, at) => (IS_LONG ? at + 1 : 4 + 60 * at));
let start: (options: WorkerOptions) => Worker;

beforeAll(async () => {
  start = await bundleWorker();
});

describe.skipIf(whyNoStrace !== undefined).each(STORES)(
  `a system call that goes wrong: $name${skippedNote(whyNoStrace)}`,
  (store) => {
    it.each(FAULT_KINDS)(
      `$name, at each of ${POINTS.text('calls')}: read-only or gone, reads go on, no flush is tried again, the next start has everything acknowledged`,
      async (kind) => {
        const points = await eachPoint(store, kind, undefined, NTHS);
        expect(points.filter(({ hit }) => hit.length > 0).length).toBeGreaterThan(NTHS.length / 2);
      },
    );

    it.each(aside(store))(
      `$kind.name of $about, at each of ${SIDE_POINTS.text('calls')}: as above, or it goes on without it`,
      async ({ about, kind }) => {
        const nths = Array.from({ length: SIDE_POINTS.count }, (_, at) => (IS_LONG ? at + 1 : at + 2));
        const points = await eachPoint(store, kind, about, nths);
        expect(points.filter(({ hit }) => hit.length > 0).length).toBeGreaterThan(0);
      },
    );

    it('control: a store that acknowledges before the append resolves is found out', async () => {
      const worker = `${store.name} that acknowledges before the append resolves`;
      // The busier the machine, the more appends wait for one write: then there are not as many writes.
      const problems: string[] = [];
      for (const nth of [60, 30, 15, 10, 5, 3, 2]) {
        if (problems.length > 0) break;
        problems.push(...(await faultPoint(start, { store, worker, kind: kindOf('ENOSPC at a write'), nth })).problems);
      }
      expect(problems).toContainEqual(expect.stringContaining('lost'));
    });

    // What SQLite writes of a page it writes anew with the next commit, and so makes good again.
    it.skipIf(store.changed.length > 0)('control: a write of one byte, and no byte, is found out', async () => {
      const point = await faultPoint(start, { store, kind: kindOf('a write of one byte'), nth: 20, losesByte: true });
      expect(point.problems).toContainEqual(expect.stringContaining('the next start'));
    });
  },
);

it.skipIf(whyNoStrace !== undefined)(
  `control: a jsonfile that tries a flush again is found out${skippedNote(whyNoStrace)}`,
  async () => {
    const store = STORES.find(({ name }) => name === 'jsonfile') ?? expect.fail('there is no jsonfile');
    const worker = 'jsonfile that tries a flush again';
    const point = await faultPoint(start, { store, worker, kind: kindOf('EIO at a flush'), nth: 20 });
    expect(point.problems).toContainEqual(expect.stringContaining('again after one that failed'));
  },
);

/**
 * What is written besides the log; a directory is flushed and never written. A file that is changed in place is read back while
 * the byte is missing that strace does not write: what comes of that is not the store's doing.
 */
function aside(store: DurableStore): readonly { about: string; kind: FaultKind }[] {
  const isFair = (about: string, { calls, inject }: FaultKind) =>
    about === 'the directory' ? calls === 'sync' : inject !== 'retval=1' || store.changed.length === 0;
  return Object.keys(store.sideFiles('')).flatMap((about) =>
    FAULT_KINDS.filter((kind) => isFair(about, kind)).map((kind) => ({ about, kind })),
  );
}

async function eachPoint(
  store: DurableStore,
  kind: FaultKind,
  about: string | undefined,
  nths: readonly number[],
): Promise<readonly FaultPoint[]> {
  const points: FaultPoint[] = [];
  for (const nth of nths) {
    const point = await faultPoint(start, { store, kind, nth, about });
    expect(point.problems, `${kind.name}, call ${nth}, ${point.outcome}`).toEqual([]);
    points.push(point);
  }
  console.warn(`${store.name}, ${kind.name}${about === undefined ? '' : ` of ${about}`}: ${summary(points)}`);
  return points;
}

function kindOf(name: string): FaultKind {
  return FAULT_KINDS.find((kind) => kind.name === name) ?? expect.fail(`no such kind: ${name}`);
}

/** Outcomes and the files that were hit, each with how often. */
function summary(points: readonly FaultPoint[]): string {
  const counts = new Map<string, number>();
  for (const { outcome, hit } of points) {
    const files = hit.length === 0 ? 'no such call' : hit.map((file) => file.replace(/\d+/, 'N')).join('+');
    counts.set(`${outcome} (${files})`, (counts.get(`${outcome} (${files})`) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ');
}
