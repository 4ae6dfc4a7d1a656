import { ConfigError, MemoryStore } from '@execgo/core';
import { FakeExecutor } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { createScheduler, resolveSchedulerOptions, type SchedulerOptions, systemClock } from '../src/index.js';

const executors = [new FakeExecutor()];

describe('the options of a scheduler', () => {
  it('have these defaults', () => {
    expect(resolveSchedulerOptions({ executors })).toEqual({
      executors,
      store: expect.any(MemoryStore),
      clock: systemClock,
      maxConcurrency: 10,
      categoryConcurrency: {},
      maxTasksPerGraph: 10_000,
      maxPending: 1_000_000,
      maxUncommittedBytes: 64 * 1024 * 1024,
      defaultTimeoutMs: 0,
      abandonAfterMs: 10_000,
      healthTimeoutMs: 1000,
      resume: true,
      resultLimits: { maxBytes: 4 * 1024 * 1024, maxDepth: 64 },
      startsPerTurn: 512,
      outputBufferBytes: 64 * 1024,
    });
  });

  it('have these for retention, once something is limited', () => {
    const { retention } = resolveSchedulerOptions({ executors, retention: { maxFinished: 5 } });
    expect(retention).toEqual({
      maxAgeMs: Number.POSITIVE_INFINITY,
      maxFinished: 5,
      batchSize: 500,
      sweepIntervalMs: 60_000,
      sweepDelayMs: 1000,
    });
    expect(resolveSchedulerOptions({ executors, retention: {} })).not.toHaveProperty('retention');
  });

  it.each<[string, Partial<SchedulerOptions>]>([
    ['maxConcurrency', { maxConcurrency: 0 }],
    ['maxConcurrency', { maxConcurrency: 1.5 }],
    ['maxTasksPerGraph', { maxTasksPerGraph: -1 }],
    ['maxPending', { maxPending: Number.NaN }],
    ['maxUncommittedBytes', { maxUncommittedBytes: 0 }],
    ['defaultTimeoutMs', { defaultTimeoutMs: -1 }],
    ['abandonAfterMs', { abandonAfterMs: Number.POSITIVE_INFINITY }],
    ['startsPerTurn', { startsPerTurn: 0 }],
    ['outputBufferBytes', { outputBufferBytes: -1 }],
    ['categoryConcurrency', { categoryConcurrency: { mcp: 0 } }],
    ['retention.maxAgeMs', { retention: { maxAgeMs: 0 } }],
    ['retention.maxFinished', { retention: { maxFinished: 0.5 } }],
    ['retention.batchSize', { retention: { batchSize: 0 } }],
    ['retention.sweepIntervalMs', { retention: { maxFinished: 1, sweepIntervalMs: 0 } }],
    ['retention.sweepDelayMs', { retention: { maxFinished: 1, sweepDelayMs: -1 } }],
  ])('a bad %s is refused by name', (option, bad) => {
    expect(() => createScheduler({ executors, ...bad })).toThrow(ConfigError);
    expect(() => createScheduler({ executors, ...bad })).toThrow(`option ${option}`);
  });

  it('two executors of one category are refused', () => {
    expect(() => createScheduler({ executors: [new FakeExecutor(), new FakeExecutor()] })).toThrow('option executors');
  });
});
