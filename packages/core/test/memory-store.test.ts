import { EventSequence, layeredShape, spec } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { isExecGoError, MemoryStore, runSliced, TaskTable } from '../src/index.js';

describe('MemoryStore', () => {
  it('lets the event loop turn while a large batch is folded, and shows the batch at its end', async () => {
    let turns = 0;
    const store = new MemoryStore({
      turn: (fn) => {
        turns += 1;
        setImmediate(fn);
      },
    });
    await store.open();
    const make = new EventSequence();
    const events = layeredShape(20, 1_000, 2).map((_, at) => make.submitted(`t${at}`));
    const append = store.append(events);
    const small = store.append([make.started('t0')]);
    expect(await store.getMany(['t0'])).toEqual([undefined]);
    await append;
    await small;
    expect(turns).toBeGreaterThan(1);
    expect(await store.getMany(['t0', 't19999'])).toMatchObject([{ status: 'running' }, { status: 'pending' }]);
  });

  it('is refused when opened twice, and keeps what it holds over a close', async () => {
    const store = new MemoryStore();
    await store.open();
    await expect(store.open()).rejects.toMatchObject({ code: 'unavailable' });
    await store.append([new EventSequence().submitted('a')]);
    await store.close();
    expect(await store.open()).toMatchObject({ firstSeq: 1, lastSeq: 1 });
    expect(await store.getMany(['a'])).toMatchObject([{ status: 'pending' }]);
  });
});

describe('TaskTable', () => {
  it('shows nothing of a staged batch before it is committed', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    const staged = runSliced(table.stage([make.submitted('a'), make.started('a')]));
    expect([table.size, table.get('a')]).toEqual([0, undefined]);
    table.commit(staged);
    expect(table.get('a')?.status).toBe('running');
  });

  it('loads tasks and receipts of a snapshot, oldest first', () => {
    const table = new TaskTable();
    const source = new TaskTable();
    const make = new EventSequence();
    const receipt = { key: 'k', digest: 'd', task_ids: ['a', 'b'] };
    source.commit(runSliced(source.stage([make.graph('g', { receipt }), make.submitted('a'), make.submitted('b')])));
    for (const task of source.all()) table.load(task);
    for (const [key, kept] of source.allReceipts()) table.loadReceipt(key, kept);
    expect(table.list({})).toEqual(source.list({}));
    expect(table.list({ graph_id: 'g' }).tasks).toHaveLength(2);
    expect(table.receipt('k')).toEqual(source.receipt('k'));
  });

  it('refuses a snapshot that holds a task twice', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    table.commit(runSliced(table.stage([make.submitted('a')])));
    const task = table.get('a');
    expect(task).toBeDefined();
    if (task === undefined) return;
    expect(() => table.load(task)).toThrow('task "a" is there twice');
  });

  it('stays in order and finds graphs over many deletions and replacements', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    for (let round = 0; round < 30; round += 1) {
      const ids = Array.from({ length: 200 }, (_, at) => `t${(at * 7 + round) % 300}`);
      const batch = ids.flatMap((id) => {
        const gone = table.get(id) === undefined ? [] : [make.deleted(id)];
        make.graphId = `g${round}`;
        return [...gone, make.submitted(spec({ id })), make.failed(id)];
      });
      table.commit(runSliced(table.stage(batch)));
    }
    const seqs = table.list({}).tasks.map(({ submitted_seq }) => submitted_seq);
    expect(seqs).toHaveLength(300);
    expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
    const inGraphs = Array.from({ length: 30 }, (_, round) => table.list({ graph_id: `g${round}` }).tasks.length);
    expect(inGraphs.reduce((sum, count) => sum + count, 0)).toBe(300);
  });

  it('an illegal batch is an internal error and leaves the table as it was', () => {
    const table = new TaskTable();
    const make = new EventSequence();
    let caught: unknown;
    try {
      runSliced(table.stage([make.submitted('a'), make.succeeded('a')]));
    } catch (error) {
      caught = error;
    }
    expect(isExecGoError(caught, 'internal')).toBe(true);
    expect(table.size).toBe(0);
  });
});
