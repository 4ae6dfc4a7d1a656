import { describe, expect, it } from 'vitest';
import {
  type AnyStatus,
  isLegal,
  type SingleTaskEvent,
  statusAfter,
  TASK_STATUSES,
  TRANSITIONS,
} from '../src/index.js';

type EventType = SingleTaskEvent['type'];

/** The whole table, written out a second time: legal where, and what comes after. */
const TABLE: Readonly<Record<EventType, readonly [legal: readonly AnyStatus[], after: AnyStatus]>> = {
  task_submitted: [['absent', 'success', 'failed', 'skipped'], 'pending'],
  task_started: [['pending'], 'running'],
  task_accepted: [['running'], 'running'],
  task_retried: [['running'], 'pending'],
  task_reset: [['running'], 'pending'],
  task_succeeded: [['running'], 'success'],
  task_failed: [['pending', 'running'], 'failed'],
  task_cancelled: [['pending', 'running'], 'failed'],
  task_skipped: [['pending'], 'skipped'],
  task_deleted: [['success', 'failed', 'skipped'], 'absent'],
};
const STATUSES: readonly AnyStatus[] = ['absent', ...TASK_STATUSES];
const TYPES = Object.keys(TABLE) as EventType[];

it('there are rules for these events and for no others', () => {
  expect(Object.keys(TRANSITIONS).sort()).toEqual([...TYPES].sort());
});

describe.each(TYPES)('%s', (type) => {
  const [legal, after] = TABLE[type];

  it.each(STATUSES)(`while %s: legal only in ${legal.join(', ')}`, (status) => {
    expect(isLegal(status, type)).toBe(legal.includes(status));
  });

  it(`leads to ${after}`, () => {
    expect(statusAfter(type)).toBe(after);
  });
});
