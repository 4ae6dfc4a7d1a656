import { cutAnywhere, EventSequence, foldEvents, legalEvents } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runSliced, type Task, type TaskEvent, TaskTable } from '../src/index.js';

function commit(table: TaskTable, events: readonly TaskEvent[]): void {
  table.commit(runSliced(table.stage(events)));
}

function byId(tasks: Iterable<Task>): Map<string, Task> {
  return new Map([...tasks].map((task) => [task.id, task]));
}

const histories = legalEvents({ maxEvents: 80 }).chain((events) => fc.tuple(fc.constant(events), cutAnywhere(events)));

/** The two ways in which a batch becomes visible in one go. */
const WAYS = [
  ['stage and commit', commit],
  ['apply', (table: TaskTable, events: readonly TaskEvent[]) => table.apply(events)],
] as const;

/** Everything that a table tells. */
function told(table: TaskTable) {
  const finished = table.finished({ limit: 1000 });
  const graphs = [...new Set([...table.all()].map(({ graph_id }) => graph_id))];
  return {
    tasks: [...table.all()],
    finished,
    graphs: graphs.map((graph_id) => table.list({ graph_id })),
    receipts: [...table.allReceipts()],
    unfinished: [...table.unfinished()],
  };
}

describe('apply', () => {
  it('does to a table what stage and commit do', () => {
    fc.assert(
      fc.property(histories, ([, appends]) => {
        const [applied, committed] = [new TaskTable(), new TaskTable()];
        for (const events of appends) {
          applied.apply(events);
          commit(committed, events);
          expect(told(applied)).toEqual(told(committed));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves the table as it was where one event of the batch is illegal', () => {
    fc.assert(
      fc.property(histories, fc.nat(), ([, appends], at) => {
        const table = new TaskTable();
        const last = appends.at(-1) ?? [];
        for (const events of appends.slice(0, -1)) table.apply(events);
        const before = told(table);
        const make = new EventSequence();
        const illegal = { ...make.started('never submitted'), seq: 1e6 };
        const place = at % (last.length + 1);
        expect(() => table.apply([...last.slice(0, place), illegal, ...last.slice(place)])).toThrow('illegal');
        expect(told(table)).toEqual(before);
        table.apply(last);
        expect(byId(table.all())).toEqual(foldEvents(appends.flat()));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a cut of a task table', () => {
  it.each(WAYS)('gives out the tasks as they were when it was made, whatever comes while it is read: %s', (_, add) => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.integer({ min: 1, max: 3 }), ([, appends], at, step) => {
        const table = new TaskTable();
        const cutAt = at % (appends.length + 1);
        for (const events of appends.slice(0, cutAt)) add(table, events);
        const cut = table.cut();
        const found: Task[] = [];
        for (const events of appends.slice(cutAt)) {
          found.push(...cut.take(step));
          add(table, events);
        }
        for (let more = cut.take(step); more.length > 0; more = cut.take(step)) found.push(...more);
        expect(found).toEqual([...foldEvents(appends.slice(0, cutAt).flat()).values()]);
        expect(byId(table.all())).toEqual(foldEvents(appends.flat()));
      }),
      { numRuns: 1000 },
    );
  });

  it('survives that most places of the table become holes meanwhile', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    const ids = Array.from({ length: 3000 }, (_, at) => `t${at}`);
    commit(
      table,
      ids.map((id) => make.submitted(id)),
    );
    const cut = table.cut();
    const first = cut.take(10);
    commit(
      table,
      ids.flatMap((id) => [make.cancelled(id), make.deleted(id)]),
    );
    expect(table.size).toBe(0);
    expect([...first, ...cut.take(5000)].map(({ id }) => id)).toEqual(ids);
  });
});

describe('a commit in slices', () => {
  it('shows nothing of a batch before all of it, and then what a commit in one go shows', () => {
    const make = new EventSequence();
    const table = new TaskTable();
    const ids = Array.from({ length: 12_000 }, (_, at) => `t${at}`);
    const before = [make.graph('old'), ...ids.flatMap((id) => [make.submitted(id), make.cancelled(id)])];
    commit(table, before);
    make.graphId = 'new';
    const batch = ids.map((id, at) => (at % 3 === 0 ? make.deleted(id) : make.submitted(id)));
    const look = () => ({
      first: table.get('t0')?.status,
      last: table.get(ids.at(-1) as string)?.status,
      old: table.list({ graph_id: 'old', limit: 3 }).tasks.map(({ id }) => id),
      new: table.list({ graph_id: 'new', limit: 3 }).tasks.map(({ id }) => id),
      unfinished: [...table.unfinished()].flat().length,
    });
    const unseen = look();
    const steps = table.commitSliced(runSliced(table.stage(batch)));
    const seen = [];
    while (!steps.next().done) seen.push(look());
    expect(seen.length).toBeGreaterThan(2);
    const whole = { first: undefined, last: 'pending', old: [], new: ['t11999', 't11998', 't11996'], unfinished: 8000 };
    expect(look()).toEqual(whole);
    const shownAt = seen.findIndex((state) => state.first === undefined);
    for (const [at, state] of seen.entries()) expect(state).toEqual(at < shownAt || shownAt < 0 ? unseen : whole);
    expect(byId(table.all())).toEqual(foldEvents([...before, ...batch]));
  });
});
