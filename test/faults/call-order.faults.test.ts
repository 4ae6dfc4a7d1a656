import { basename, join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderViolations, stepsOfReplacing } from './support/call-order.js';
import { EXIT } from './support/job.js';
import { Promises } from './support/promises.js';
import { skippedNote } from './support/skipped-note.js';
import { STORES } from './support/stores.js';
import { fileOf, isSync, isWrite, readTrace, renamed, strace, type TracedCall, whyNoStrace } from './support/trace.js';
import { bundleWorker } from './support/worker.js';

const GRAPHS = 40;
const REPLACING = ['create', 'write', 'fsync', 'rename', 'fsync'];
const places: TemporaryDirectory[] = [];
afterAll(() => Promise.all(places.map((place) => place.remove())));

/** The calls of a life that begins with no store, makes many files, and ends with a close. */
async function traceOf(worker: string): Promise<{ trace: readonly TracedCall[]; directory: string }> {
  const start = await bundleWorker();
  const place = await temporaryDirectory();
  places.push(place);
  const directory = join(place.path, 'data');
  const log = join(place.path, 'strace.log');
  const job = { store: worker, directory, life: '1', writers: 1, graphs: GRAPHS };
  const { code, stderr } = await start({ job, promises: new Promises(), through: strace({ log }) }).ended;
  expect(code, stderr).toBe(EXIT.done);
  return { trace: readTrace(log), directory };
}

describe.skipIf(whyNoStrace !== undefined).each(STORES)(
  `the order of system calls: $name${skippedNote(whyNoStrace)}`,
  (store) => {
    let trace: readonly TracedCall[];
    let directory: string;
    beforeAll(async () => {
      ({ trace, directory } = await traceOf(store.name));
    });

    it('a log is flushed before what is in it is acknowledged, and so is the name of a new log', () => {
      const acknowledgements = trace.filter(({ args }) => args.includes('"ack '));
      expect(acknowledgements).toHaveLength(GRAPHS * 7);
      expect(orderViolations(trace, store, directory)).toEqual([]);
    });

    it.skipIf(store.replaced.length === 0)(
      'what is replaced by a rename: the file is flushed, then renamed, then the directory is flushed',
      () => {
        const names = trace.flatMap((call) => renamed(call)?.[1] ?? []).map((path) => basename(path));
        const replaced = new Set(names.filter((name) => store.replaced.includes(name)));
        expect([...replaced].sort()).toEqual([...store.replaced].sort());
        for (const name of replaced) expect(stepsOfReplacing(trace, join(directory, name))).toEqual(REPLACING);
      },
    );

    it('control: the same calls without those that flush the directory are found out', () => {
      const without = trace.filter((call) => !(isSync(call) && call.path === directory));
      expect(without.length).toBeLessThan(trace.length);
      expect(orderViolations(without, store, directory)).not.toEqual([]);
    });

    it.skipIf(store.changed.length === 0)(
      'what is changed in place: only what the log has on the disk, and it is flushed before the log is begun anew',
      () => {
        const isChanged = ({ path }: TracedCall) => store.changed.some((name) => path === join(directory, name));
        expect(trace.filter((call) => isWrite(call) && isChanged(call)).length).toBeGreaterThan(10);
        // Control: the same calls without those that flush it.
        const without = trace.filter((call) => !(isSync(call) && isChanged(call)));
        expect(orderViolations(without, store, directory)).toContainEqual(
          expect.stringMatching(/is (begun anew|removed|shortened) before/),
        );
        // Control: the same calls without those that flush the log.
        const fewer = trace.filter((call) => !(isSync(call) && store.isLog(fileOf(call))));
        expect(orderViolations(fewer, store, directory)).toContainEqual(expect.stringContaining('is changed before'));
      },
    );

    it('control: the same calls without those that flush files are found out', () => {
      const without = trace.filter((call) => !(isSync(call) && call.path !== directory));
      expect(orderViolations(without, store, directory)).not.toEqual([]);
    });
  },
);
