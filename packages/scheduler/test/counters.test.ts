import { EventSequence, spec } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { Counters, DurationHistogram } from '../src/counters.js';

describe('DurationHistogram', () => {
  it('counts cumulatively, a bound belonging to its bucket, and adds up', () => {
    const histogram = new DurationHistogram();
    for (const ms of [0, 1, 1.01, 300_000, 300_001]) histogram.observe(ms);
    const { bounds, counts, sum } = histogram.read();
    expect(counts).toHaveLength(bounds.length + 1);
    expect(counts[0]).toBe(2);
    expect(counts[1]).toBe(3);
    expect(counts.at(-2)).toBe(4);
    expect(counts.at(-1)).toBe(5);
    expect(sum).toBe(600_003.01);
    expect([...bounds].sort((left, right) => left - right)).toEqual(bounds);
  });

  it('what was read does not change with what is observed later', () => {
    const histogram = new DurationHistogram();
    const { counts } = histogram.read();
    histogram.observe(5);
    expect(counts.at(-1)).toBe(0);
  });
});

describe('Counters', () => {
  it('count cancelled tasks among the failed, and types by their own name, whatever it is', () => {
    const counters = new Counters();
    const make = new EventSequence();
    const events = [
      make.graph(),
      make.submitted(spec({ id: 'a', type: '__proto__' })),
      make.submitted(spec({ id: 'b', type: 'os' })),
      make.submitted(spec({ id: 'c', type: 'os' })),
      make.started('a'),
      make.retried('a'),
      make.cancelled('a'),
      make.started('b'),
      make.succeeded('b'),
      make.skipped('c', 'a'),
      make.deleted('a'),
    ];
    for (const event of events) counters.count(event);
    expect(counters).toMatchObject({ submitted: 3, succeeded: 1, failed: 1, skipped: 1, retried: 1, abandoned: 0 });
    expect(Object.entries(counters.byType)).toEqual([
      ['__proto__', 1],
      ['os', 2],
    ]);
  });
});
