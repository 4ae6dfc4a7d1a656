import { type EventQuery, isExecGoError, type TaskEvent } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { spec } from '../build-task.js';
import { EventSequence, failure } from '../event-sequence.js';
import { collect, itWith, type StoreSuiteOptions, useStore } from './fixture.js';

const KILOBYTE_TEXT = 'x'.repeat(1_000);
/** Events appended before a store that keeps few must have dropped some. */
const MOST_EVENTS = 5_000;

export function eventHistory(options: StoreSuiteOptions): void {
  const under = useStore(options);

  /** Two graphs, seqs 1 to 8. */
  const fill = async () => {
    const make = new EventSequence();
    const log: TaskEvent[] = [make.graph('one'), make.submitted('a'), make.submitted('b')];
    log.push(make.graph('two'), make.submitted('c'), make.started('a'), make.started('c'), make.succeeded('a', 1));
    await under.append(...log);
    return { make, log };
  };

  const cases: readonly [EventQuery, readonly number[]][] = [
    [{}, [1, 2, 3, 4, 5, 6, 7, 8]],
    [{ after: 0 }, [1, 2, 3, 4, 5, 6, 7, 8]],
    [{ after: 5 }, [6, 7, 8]],
    [{ after: 8 }, []],
    [{ after: 800 }, []],
    [{ limit: 3 }, [1, 2, 3]],
    [{ after: 2, limit: 2 }, [3, 4]],
    [{ task_id: 'a' }, [2, 6, 8]],
    [{ task_id: 'a', after: 2 }, [6, 8]],
    [{ task_id: 'a', limit: 2 }, [2, 6]],
    [{ task_id: 'nobody' }, []],
    [{ graph_id: 'one' }, [1, 2, 3, 6, 8]],
    [{ graph_id: 'two' }, [4, 5, 7]],
    [{ graph_id: 'two', after: 4, limit: 1 }, [5]],
    [{ graph_id: 'one', task_id: 'c' }, []],
    [{ graph_id: 'three' }, []],
  ];

  it.each(cases)('%j', async (query, seqs) => {
    const { log } = await fill();
    const expected = log.filter(({ seq }) => seqs.includes(seq));
    expect(await under.events(query)).toEqual(expected);
    if (options.skip?.reopen !== undefined) return;
    await under.reopen();
    expect(await under.events(query)).toEqual(expected);
  });

  it('every field of every type of event is kept', async () => {
    const make = new EventSequence();
    const full = spec({
      id: 'a',
      input: { deep: [null, { x: 1.5 }] },
      annotations: { k: 'v' },
      priority: 5,
      timeout: 9,
    });
    const error = { ...failure('timeout', 'too slow'), retryable: true, source: 'os', details: { limit: [1] } };
    const progress = [{ timestamp: 1_767_225_600_123, message: 'half', data: { percent: 50 } }];
    const receipt = { key: 'caller/key', digest: 'd', task_ids: ['a', 'b'], warnings: ['a field is ignored'] };
    const log: readonly TaskEvent[] = [
      make.graph('g', { actor: 'someone', receipt }),
      make.submitted(full),
      make.submitted('b'),
      make.started('a'),
      make.accepted('a', 'handle'),
      make.next({
        type: 'task_retried',
        task_id: 'a',
        attempt: 1,
        error,
        result: { kept: 1 },
        not_before: 1_767_225_700_001,
      }),
      make.started('a', 2),
      make.reset('a', 'shutdown'),
      make.started('a', 2),
      make.next({ type: 'task_succeeded', task_id: 'a', result: [1], details: { exit: 0 }, progress }),
      make.next({ type: 'task_failed', task_id: 'b', error, result: 'output', details: { exit: 2 }, progress }),
      make.deleted('a'),
      make.submitted('a'),
      make.next({ type: 'task_cancelled', task_id: 'a', error, actor: 'someone', result: 0, details: false, progress }),
      make.submitted('c'),
      make.skipped('c', 'b', 'failed'),
      make.next({ type: 'task_deleted', task_id: 'b', actor: 'someone' }),
    ];
    await under.append(...log);
    expect(await under.events()).toEqual(log);
    if (options.skip?.reopen === undefined) await under.reopen();
    expect(await under.events()).toEqual(log);
  });

  it('the events of a deleted and of a replaced task are still there', async () => {
    const { make } = await fill();
    await under.append(make.deleted('a'), make.graph('three'), make.submitted('a'));
    expect((await under.events({ task_id: 'a' })).map(({ seq }) => seq)).toEqual([2, 6, 8, 9, 11]);
    expect((await under.events({ graph_id: 'one', task_id: 'a' })).map(({ seq }) => seq)).toEqual([2, 6, 8, 9]);
  });

  it('several readers at once see the same', async () => {
    const { log } = await fill();
    const all = await Promise.all(Array.from({ length: 5 }, () => collect(under.store.events({}))));
    for (const events of all) expect(events).toEqual(log);
  });

  it('ten thousand events come in order, over many appends', async () => {
    const make = new EventSequence();
    const appends: Promise<void>[] = [];
    for (let at = 0; at < 500; at += 1) {
      appends.push(under.append(...Array.from({ length: 20 }, (_, part) => make.submitted(`t${at}-${part}`))));
    }
    await Promise.all(appends);
    if (options.skip?.reopen === undefined) await under.reopen();
    let last = 0;
    for await (const { seq } of under.store.events({})) {
      expect(seq).toBe(last + 1);
      last = seq;
    }
    expect(last).toBe(10_000);
    expect((await under.events({ after: 9_998 })).map(({ seq }) => seq)).toEqual([9_999, 10_000]);
  });

  describe('when only few are kept', () => {
    const few = useStore(options, { fewEvents: true });

    /** Appends until the first event has been dropped, and tells the seq of the oldest one kept. */
    const dropSome = async (): Promise<number> => {
      const make = new EventSequence();
      await few.append(make.graph(), make.submitted('keeper'));
      while (make.nextSeq < MOST_EVENTS) {
        const id = `t${make.nextSeq}`;
        await few.append(make.submitted(id), make.started(id), make.succeeded(id, KILOBYTE_TEXT), make.deleted(id));
        const outcome = await few.events({ after: 0, limit: 1 }).catch((error: unknown) => error);
        if (isExecGoError(outcome, 'gone')) return Number(outcome.details?.oldest_seq);
      }
      expect.fail(`nothing was dropped after ${MOST_EVENTS} events`);
    };

    itWith(options, 'event-retention')(
      'a place older than what is kept is gone, and the oldest seq is told',
      async () => {
        const oldest = await dropSome();
        expect(oldest).toBeGreaterThan(1);
        await expect(few.events({ after: oldest - 2 })).rejects.toMatchObject({
          code: 'gone',
          details: { oldest_seq: oldest },
        });
        const rest = await few.events({ after: oldest - 1 });
        expect(rest[0]?.seq).toBe(oldest);
        expect(rest.map(({ seq }) => seq)).toEqual(rest.map((_, at) => oldest + at));
      },
    );

    itWith(options, 'event-retention')('without a place the oldest kept comes first', async () => {
      const oldest = await dropSome();
      expect((await few.events({ limit: 1 }))[0]?.seq).toBe(oldest);
      expect(await few.events({ task_id: 'keeper' })).toEqual([]);
    });

    itWith(options, 'event-retention')('tasks stay, and open tells the oldest seq', async () => {
      const oldest = await dropSome();
      expect((await few.get('keeper'))?.status).toBe('pending');
      if (options.skip?.reopen !== undefined) return;
      await few.reopen();
      expect((await few.get('keeper'))?.status).toBe('pending');
      expect(few.opened.firstSeq).toBeGreaterThanOrEqual(oldest);
      expect((await few.events({ limit: 1 }))[0]?.seq).toBe(few.opened.firstSeq);
    });
  });
}
