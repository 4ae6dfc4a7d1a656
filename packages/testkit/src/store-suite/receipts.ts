import type { TaskEvent } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { EventSequence } from '../event-sequence.js';
import { type StoreSuiteOptions, useStore } from './fixture.js';

const HOUR_MS = 3600 * 1000;

export function receipts(options: StoreSuiteOptions): void {
  const under = useStore(options);

  const reopen = async () => {
    if (options.skip?.reopen === undefined) await under.reopen();
  };

  it('a receipt is what the submission was answered with', async () => {
    const make = new EventSequence({ startMs: Date.now() });
    const graph = make.graph('g1', {
      receipt: { key: 'k', digest: 'abc', task_ids: ['a', 'b'], warnings: ['ignored'] },
    });
    await under.append(graph, make.submitted('a'), make.submitted('b'));
    await reopen();
    expect(await under.store.receipt('k')).toEqual({
      graph_id: 'g1',
      task_ids: ['a', 'b'],
      digest: 'abc',
      warnings: ['ignored'],
      created_at: graph.timestamp,
    });
  });

  it('a key that was not used has none, and neither has a submission without a key', async () => {
    await under.append(new EventSequence().graph('g1'));
    expect(await under.store.receipt('g1')).toBeUndefined();
    expect(await under.store.receipt('__proto__')).toBeUndefined();
    expect(await under.store.receipt('constructor')).toBeUndefined();
  });

  it('a receipt outlives the tasks that it names', async () => {
    const make = new EventSequence({ startMs: Date.now() });
    await under.append(withReceipt(make, 'k'), make.submitted('a'), make.failed('a'), make.deleted('a'));
    await reopen();
    expect(await under.store.receipt('k')).toMatchObject({ task_ids: ['a'], warnings: [] });
  });

  it.each(['caller/key', '__proto__', 'a key with spaces', '🔑', 'k'.repeat(600)])(
    'the key %j is ordinary',
    async (key) => {
      const make = new EventSequence({ startMs: Date.now() });
      await under.append(withReceipt(make, key));
      await reopen();
      expect(await under.store.receipt(key)).toMatchObject({ digest: `digest of ${key}` });
    },
  );

  describe('with a limit of three keys', () => {
    const limited = useStore(options, { receipts: { maxAgeMs: HOUR_MS, maxKeys: 3 } });

    it('the oldest ones go first', async () => {
      const make = new EventSequence({ startMs: Date.now() });
      for (const key of ['k1', 'k2', 'k3', 'k4', 'k5']) await limited.append(withReceipt(make, key));
      const check = async () => {
        const kept = await Promise.all(['k1', 'k2', 'k3', 'k4', 'k5'].map((key) => limited.store.receipt(key)));
        expect(kept.map((receipt) => receipt !== undefined)).toEqual([false, false, true, true, true]);
      };
      await check();
      if (options.skip?.reopen === undefined) await limited.reopen();
      await check();
    });
  });

  describe('with a limit of one hour', () => {
    const limited = useStore(options, { receipts: { maxAgeMs: HOUR_MS, maxKeys: 1_000 } });

    it('an older one is gone, and its key is free for another submission', async () => {
      const now = Date.now();
      const early = new EventSequence({ startMs: now - 3 * HOUR_MS });
      await limited.append(withReceipt(early, 'old'));
      const make = new EventSequence({ firstSeq: early.nextSeq, startMs: now });
      await limited.append(withReceipt(make, 'new'));
      expect(await limited.store.receipt('old')).toBeUndefined();
      expect(await limited.store.receipt('new')).toBeDefined();
      if (options.skip?.reopen === undefined) await limited.reopen();
      expect(await limited.store.receipt('old')).toBeUndefined();
      const again = make.graph('later', { receipt: { key: 'old', digest: 'another', task_ids: ['z'] } });
      await limited.append(again);
      expect(await limited.store.receipt('old')).toMatchObject({
        graph_id: 'later',
        digest: 'another',
        task_ids: ['z'],
      });
    });

    it('a younger one is kept', async () => {
      const now = Date.now();
      const early = new EventSequence({ startMs: now - HOUR_MS / 2 });
      await limited.append(withReceipt(early, 'young'));
      await limited.append(new EventSequence({ firstSeq: early.nextSeq, startMs: now }).graph('g2'));
      expect(await limited.store.receipt('young')).toBeDefined();
    });
  });
}

function withReceipt(make: EventSequence, key: string): TaskEvent {
  return make.graph(`graph of ${key}`, { receipt: { key, digest: `digest of ${key}`, task_ids: ['a'] } });
}
