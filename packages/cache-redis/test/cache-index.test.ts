import { EventSequence } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { CacheIndex, type Fill } from '../src/cache-index.js';
import { Change } from '../src/change.js';

const makeIndex = (limits = {}) => new CacheIndex({ maxEntries: 1000, maxPendingFills: 10, ...limits });
const make = new EventSequence();
const changeOf = (...ids: readonly string[]) => new Change(ids.map((id) => make.deleted(id)));
const fillIn = (index: CacheIndex, id: string): number => {
  const fill = index.beginFill(id) as Fill;
  index.endFill(fill);
  return fill.entry;
};

it('a task has an entry once it is filled in, and no longer than until an append begins to change it', () => {
  const index = makeIndex();
  expect(index.entryOf('a')).toBeUndefined();
  const entry = fillIn(index, 'a');
  expect(index.entryOf('a')).toBe(entry);
  expect(index.beginChange(changeOf('a', 'b'))).toEqual([entry]);
  expect(index.entryOf('a')).toBeUndefined();
});

it('nothing is filled in while an append that changes it is under way, also not by the second of two', () => {
  const index = makeIndex();
  const [first, second] = [changeOf('a'), changeOf('a', 'a')];
  index.beginChange(first);
  index.beginChange(second);
  expect(index.beginFill('a')).toBeUndefined();
  index.endChange(first);
  expect([index.beginFill('a'), index.isChanging('a')]).toEqual([undefined, true]);
  index.endChange(second);
  expect(index.beginFill('a')).toBeDefined();
});

it('only events that end the life of a finished task change one: its replacement and its deletion', () => {
  const rest = new Change([
    make.graph(),
    make.started('b'),
    make.succeeded('b'),
    make.failed('c'),
    make.skipped('d', 'c'),
  ]);
  expect([...rest.ids()]).toEqual([]);
  const change = new Change([make.submitted('a'), make.started('a'), make.deleted('e'), make.submitted('e')]);
  expect([...change.ids()]).toEqual(['a', 'e', 'e']);
  expect(['a', 'b', 'e'].map((id) => change.concerns(id))).toEqual([true, false, true]);
});

it('an append counts also where it began while nothing was cached', () => {
  const index = makeIndex();
  index.beginChange(changeOf('a'));
  index.clear();
  expect([index.beginFill('a'), index.beginFill('b')?.id]).toEqual([undefined, 'b']);
});

it('a fill that began before an append of its task is not filled in after it', () => {
  const index = makeIndex();
  const fill = index.beginFill('a') as Fill;
  const change = changeOf('a');
  index.beginChange(change);
  index.endChange(change);
  const later = index.beginFill('a') as Fill;
  expect([index.isCurrent(fill), index.endFill(fill), index.entryOf('a')]).toEqual([false, false, undefined]);
  expect([index.endFill(later), index.entryOf('a')]).toEqual([true, later.entry]);
});

it('no name is given twice, not even after everything was forgotten', () => {
  const index = makeIndex();
  const first = fillIn(index, 'a');
  index.clear();
  expect(index.entryOf('a')).toBeUndefined();
  expect(fillIn(index, 'a')).not.toBe(first);
});

it('a fill that was under way when everything was forgotten does not come in afterwards', () => {
  const index = makeIndex();
  const fill = index.beginFill('a') as Fill;
  index.clear();
  expect(index.endFill(fill)).toBe(false);
  expect(index.entryOf('a')).toBeUndefined();
});

it('one fill a task, and not more than the limit in all', () => {
  const index = makeIndex({ maxPendingFills: 2 });
  const fill = index.beginFill('a') as Fill;
  expect(index.beginFill('a')).toBeUndefined();
  expect(index.beginFill('b')).toBeDefined();
  expect(index.beginFill('c')).toBeUndefined();
  index.dropFill(fill);
  expect(index.beginFill('c')).toBeDefined();
});

it('an entry is forgotten only under the name that was missed', () => {
  const index = makeIndex();
  const entry = fillIn(index, 'a');
  index.forget('a', entry + 1);
  expect(index.entryOf('a')).toBe(entry);
  index.forget('a', entry);
  expect(index.entryOf('a')).toBeUndefined();
});

it('never more entries than the limit; the oldest go first', () => {
  const index = makeIndex({ maxEntries: 100 });
  for (let at = 0; at < 1000; at += 1) {
    fillIn(index, `task-${at}`);
    const kept = Array.from({ length: at + 1 }, (_, n) => `task-${n}`).filter((id) => index.entryOf(id) !== undefined);
    expect(kept.length).toBeLessThanOrEqual(100);
    expect(kept.length).toBeGreaterThanOrEqual(Math.min(at + 1, 50));
    expect(kept.at(-1)).toBe(`task-${at}`);
  }
});
