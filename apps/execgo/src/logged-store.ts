import type { EventQuery, TaskEvent, TaskQuery, TaskStore } from '@execgo/core';
import type { Logger } from 'pino';

/**
 * The store, and a line in the log for what an operator looks for once it is durable: tasks that failed, were cancelled or
 * interrupted. Ids and codes, never inputs, outputs or messages, which may quote them. Placed at the one point that
 * every event passes in a batch, because a watcher that is handed them one by one costs as much as running the task.
 */
export function loggedStore(store: TaskStore, logger: Logger): TaskStore {
  return {
    open: () => store.open(),
    append(events) {
      const appended = store.append(events);
      // A refused append is for the caller to handle; here there is nothing to tell.
      appended.then(
        () => logEvents(events, logger),
        () => undefined,
      );
      return appended;
    },
    getMany: (ids) => store.getMany(ids),
    list: (query: TaskQuery) => store.list(query),
    events: (query: EventQuery) => store.events(query),
    unfinished: () => store.unfinished(),
    finished: (query) => store.finished(query),
    receipt: (key) => store.receipt(key),
    close: () => store.close(),
  };
}

function logEvents(events: readonly TaskEvent[], logger: Logger): void {
  for (const event of events) {
    switch (event.type) {
      case 'task_failed':
        logger.warn({ task_id: event.task_id, graph_id: event.graph_id, code: event.error.code }, 'task failed');
        break;
      case 'task_cancelled':
        logger.info({ task_id: event.task_id, graph_id: event.graph_id }, 'task cancelled');
        break;
      case 'task_reset':
        logger.info({ task_id: event.task_id, graph_id: event.graph_id, reason: event.reason }, 'task interrupted');
        break;
    }
  }
}
