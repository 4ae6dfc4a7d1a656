import { EventSequence, foldEvents } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { isTerminal, TASK_STATUSES } from '../src/index.js';

it('the statuses are pending running success failed skipped, and the last three are terminal', () => {
  expect(TASK_STATUSES).toEqual(['pending', 'running', 'success', 'failed', 'skipped']);
  expect(TASK_STATUSES.filter(isTerminal)).toEqual(['success', 'failed', 'skipped']);
});

describe('a task', () => {
  it('gives id, run_status, handle_id and result of its spec and runtime', () => {
    const make = new EventSequence();
    const events = [make.submitted('a'), make.started('a'), make.accepted('a', 'h'), make.succeeded('a', 1)];
    const before = foldEvents(events.slice(0, 1)).get('a');
    const after = foldEvents(events).get('a');
    expect([before?.id, before?.run_status, before?.handle_id, before?.result]).toEqual([
      'a',
      undefined,
      undefined,
      undefined,
    ]);
    expect([after?.id, after?.run_status, after?.handle_id, after?.result]).toEqual(['a', 'success', 'h', 1]);
  });
});
