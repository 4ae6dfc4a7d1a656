import { isTerminal, type Task, type TaskEvent } from '@execgo/core';
import fc from 'fast-check';
import { spec } from './build-task.js';
import { EventSequence, failure, foldEvents } from './event-sequence.js';

export interface EventsArbitraryOptions {
  /** @default 60 */
  readonly maxEvents?: number;
  /** Different task ids, at most: few, so that tasks are replaced and deleted often. @default 6 */
  readonly maxTasks?: number;
}

/** A choice of what happens next: which task, and which of the events that are legal for it. */
type Choice = readonly [task: number, move: number];

/** Random sequences of events, each legal where it stands, over few tasks and several graphs, with receipts. */
export function legalEvents(options: EventsArbitraryOptions = {}): fc.Arbitrary<readonly TaskEvent[]> {
  const choice = fc.tuple(fc.nat({ max: (options.maxTasks ?? 6) - 1 }), fc.nat({ max: 11 }));
  return fc.array(choice, { maxLength: options.maxEvents ?? 60 }).map(eventsOf);
}

/** A sequence cut into appends, none of them empty. */
export function cutAnywhere(events: readonly TaskEvent[]): fc.Arbitrary<readonly (readonly TaskEvent[])[]> {
  return fc.array(fc.boolean(), { minLength: events.length, maxLength: events.length }).map((cuts) => {
    const appends: TaskEvent[][] = [];
    for (const [at, event] of events.entries()) {
      if (at === 0 || cuts[at]) appends.push([event]);
      else appends.at(-1)?.push(event);
    }
    return appends;
  });
}

function eventsOf(choices: readonly Choice[]): readonly TaskEvent[] {
  const make = new EventSequence({ graphId: 'g0' });
  const events: TaskEvent[] = [];
  const tasks = new Map<string, Task>();
  for (const [number, move] of choices) {
    const id = `t${number}`;
    const event = nextEvent(make, tasks.get(id), id, move);
    events.push(event);
    if (event.type === 'graph_submitted') continue;
    const after = foldEvents(events).get(id);
    if (after === undefined) tasks.delete(id);
    else tasks.set(id, after);
  }
  return events;
}

function nextEvent(make: EventSequence, task: Task | undefined, id: string, move: number): TaskEvent {
  if (move === 0) {
    const graphId = `g${make.nextSeq}`;
    return make.graph(graphId, { receipt: { key: `k${make.nextSeq % 5}`, digest: graphId, task_ids: [id] } });
  }
  if (task === undefined) return make.submitted(spec({ id, input: { move } }));
  if (isTerminal(task.status)) return move % 2 === 0 ? make.deleted(id) : make.submitted(spec({ id, params: [move] }));
  if (task.status === 'pending') {
    if (move < 8) return make.started(id, (task.runtime?.attempt ?? 0) + 1);
    if (move === 8) return make.failed(id, failure('not_found'));
    return move === 9 ? make.cancelled(id) : make.skipped(id, 'parent', move === 10 ? 'failed' : 'skipped');
  }
  if (move < 3) return make.accepted(id, `handle-${make.nextSeq}`);
  if (move < 5) return make.retried(id, task.runtime?.attempt ?? 1);
  if (move < 7) return make.reset(id, move === 5 ? 'crash' : 'shutdown');
  if (move < 9) return make.succeeded(id, { move, seq: make.nextSeq });
  return move === 9 ? make.cancelled(id) : make.failed(id, failure('exit_nonzero'), `output ${move}`);
}
