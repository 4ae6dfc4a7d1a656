import { cutAnywhere, EventSequence, foldEvents, legalEvents } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FinishedTask, isTerminal, runSliced, type Task, type TaskEvent, TaskTable } from '../src/index.js';

function commit(table: TaskTable, events: readonly TaskEvent[]): void {
  table.commit(runSliced(table.stage(events)));
}

function idsOf(table: TaskTable, after = 0, limit = Number.POSITIVE_INFINITY): readonly string[] {
  return table.finished({ after, limit }).tasks.map(({ id }) => id);
}

function expected(tasks: Iterable<Task>): readonly FinishedTask[] {
  return [...tasks]
    .filter(({ status }) => isTerminal(status))
    .sort((a, b) => a.last_seq - b.last_seq)
    .map(({ id, graph_id, submitted_seq, last_seq, updated_at }) => ({
      id,
      graph_id,
      submitted_seq,
      last_seq,
      updated_at,
    }));
}

const histories = legalEvents({ maxEvents: 80 }).chain(cutAnywhere);

describe('the finished tasks of a table', () => {
  it('are those of the fold in the order in which they ended, whenever they were first asked for', () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.integer({ min: 1, max: 3 }), (appends, at, limit) => {
        const table = new TaskTable();
        const askedAt = at % (appends.length + 1);
        for (const [number, events] of appends.entries()) {
          if (number >= askedAt) table.finished({ limit });
          commit(table, events);
        }
        const finished = expected(foldEvents(appends.flat()).values());
        expect(table.finished({ limit: 100 })).toEqual({ tasks: finished, total: finished.length });
        const paged: FinishedTask[] = [];
        for (let page = table.finished({ limit }).tasks; page.length > 0; ) {
          paged.push(...page);
          page = table.finished({ after: (page.at(-1) as FinishedTask).last_seq, limit }).tasks;
        }
        expect(paged).toEqual(finished);
      }),
      { numRuns: 1000 },
    );
  });

  it('that ended in one batch come by their end, not by what came first of them', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    expect(idsOf(table)).toEqual([]);
    commit(table, [make.submitted('a'), make.submitted('b'), make.submitted('c')]);
    commit(table, [
      make.started('a'),
      make.started('b'),
      make.started('c'),
      make.succeeded('c'),
      make.failed('b'),
      make.succeeded('a'),
    ]);
    expect(idsOf(table)).toEqual(['c', 'b', 'a']);
    const [first] = table.finished({ limit: 1 }).tasks;
    expect(idsOf(table, first?.last_seq, 1)).toEqual(['b']);
  });

  it('hold a task once that ended, was submitted again and ended again within one batch', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    expect(table.finished({ limit: 9 }).total).toBe(0);
    commit(table, [make.submitted('a'), make.cancelled('a'), make.submitted('b'), make.cancelled('b')]);
    commit(table, [make.submitted('a'), make.cancelled('a'), make.submitted('a'), make.cancelled('a')]);
    expect(table.finished({ limit: 9 })).toMatchObject({ tasks: [{ id: 'b' }, { id: 'a', last_seq: 8 }], total: 2 });
  });

  it('loaded from a snapshot come by their end as well', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    const tasks = foldEvents([make.submitted('a'), make.submitted('b'), make.failed('b'), make.failed('a')]);
    for (const task of tasks.values()) table.load(task);
    expect(table.finished({ limit: 9 })).toMatchObject({ tasks: [{ id: 'b' }, { id: 'a' }], total: 2 });
  });

  it.each([
    ['asked for before', true],
    ['first asked for in its midst', false],
  ])('during a commit in slices are those of before, and then all at once those of after (%s)', (_, askBefore) => {
    const make = new EventSequence();
    const table = new TaskTable();
    const ids = Array.from({ length: 12_000 }, (__, at) => `t${at}`);
    commit(
      table,
      ids.flatMap((id, at) => [make.submitted(id), ...(at % 2 === 0 ? [make.cancelled(id)] : [])]),
    );
    const before = expected(table.all());
    if (askBefore) expect(table.finished({ limit: 1 }).total).toBe(6000);
    // Of the finished ones a third each is deleted, submitted again, and left; the others end, the last one first.
    const batch = ids.flatMap((id, at) => {
      if (at % 2 === 1) return [];
      if (at % 3 === 0) return [make.deleted(id)];
      return at % 3 === 1 ? [make.submitted(id)] : [];
    });
    for (const id of ids.filter((__, at) => at % 2 === 1).reverse()) batch.push(make.failed(id));
    const steps = table.commitSliced(runSliced(table.stage(batch)));
    const seen: string[] = [];
    while (!steps.next().done) {
      const page = table.finished({ limit: 20_000 });
      const isBefore = page.total === before.length && page.tasks.at(-1)?.id === 't11998';
      seen.push(isBefore ? 'before' : 'after');
      expect(page).toEqual(
        isBefore ? { tasks: before, total: before.length } : { tasks: expected(table.all()), total: 8000 },
      );
    }
    expect(seen[0]).toBe('before');
    expect(seen).toEqual([...seen].sort().reverse());
    expect(table.finished({ limit: 20_000 })).toEqual({ tasks: expected(table.all()), total: 8000 });
    expect(idsOf(table).slice(-2)).toEqual(['t3', 't1']);
  });

  it('are found in no more time when most of them have gone, from the front, the middle or anywhere', () => {
    const make = new EventSequence();
    const table = new TaskTable();
    const ids = Array.from({ length: 20_000 }, (_, at) => `t${at}`);
    commit(
      table,
      ids.flatMap((id) => [make.submitted(id), make.cancelled(id)]),
    );
    expect(table.finished({ limit: 1 }).total).toBe(20_000);
    const rest = ids.filter((_, at) => at >= 5000 && (at < 8000 || at > 14_000) && at % 7 === 0);
    const kept = new Set(rest);
    commit(
      table,
      ids.filter((id) => !kept.has(id)).map((id) => make.deleted(id)),
    );
    expect(table.finished({ limit: 20_000 })).toEqual({ tasks: expected(table.all()), total: rest.length });
    expect(idsOf(table)).toEqual(rest);
    commit(table, [make.submitted('new'), make.cancelled('new')]);
    expect(idsOf(table).at(-1)).toBe('new');
  });
});
