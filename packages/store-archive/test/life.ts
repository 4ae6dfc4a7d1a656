import type { TaskEvent } from '@execgo/core';
import { EventSequence, failure, spec } from '@execgo/testkit';

/** What happens to some graphs: tasks that run, fail, are skipped, deleted and replaced, odd ids and receipts among them. */
export function lifeOf(graphs: number): readonly TaskEvent[] {
  const make = new EventSequence();
  const events: TaskEvent[] = [];
  for (let at = 0; at < graphs; at += 1) {
    const [a, b] = [`task ${at} "ä\u2028`, at === 3 ? '__proto__' : `${at}`];
    const receipt = { key: `key ${at}`, digest: `digest ${at}`, task_ids: [a, b] };
    events.push(
      make.graph(`graph ${at}`, { receipt }),
      make.submitted(spec({ id: a, input: { text: 'x'.repeat(at * 7), at: null } })),
      make.submitted(spec({ id: b, depends_on: [a], priority: at })),
      make.started(a),
    );
    if (at % 3 === 0) events.push(make.failed(a, failure('timeout'), { lines: ['1'] }), make.skipped(b, a));
    else events.push(make.succeeded(a, { at, '10': 1, b: [] }), make.started(b), make.accepted(b, `h${at}`));
    if (at % 3 === 0) events.push(make.deleted(b), make.submitted(spec({ id: a, params: [at] })));
  }
  return events;
}
