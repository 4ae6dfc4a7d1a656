import { actorOf } from '@execgo/access';
import { type JsonObject, type Kernel, type TaskGraphInput, type TaskQuery, toWire } from '@execgo/core';
import type { ResolvedOptions } from '../app-options.js';
import { arrayAnswer } from '../array-answer.js';
import type { Call } from '../call.js';
import { cancelOptions } from '../cancel-options.js';
import { encodeCursor } from '../cursor.js';
import type { Route } from '../endpoint.js';
import { jsonBody } from '../json-body.js';
import { longPoll } from '../long-poll.js';
import { pathId } from '../path-id.js';
import { Query } from '../query.js';
import { submitOptions } from '../submit-options.js';
import { taskFilter } from '../task-filter.js';
import { DELETE_TASK, describeCancel, describeList, GET_TASK, SUBMIT } from './task-operations.js';

export function taskRoutes(options: ResolvedOptions): readonly Route[] {
  const { kernel, limits } = options;
  return [
    {
      path: '/tasks',
      methods: {
        GET: { operation: describeList(limits), handle: (call) => listTasks(call, options) },
        POST: { operation: SUBMIT, handle: (call) => submit(call, options) },
      },
    },
    {
      path: '/tasks/:id',
      methods: {
        GET: {
          operation: GET_TASK,
          handle: async (call) => {
            const id = pathId(call.url, 0);
            const task = await longPoll(call, new Query(call.url), (wait) =>
              wait === undefined ? kernel.get(id) : kernel.wait(id, wait),
            );
            return call.json(200, toWire(task));
          },
        },
        DELETE: {
          operation: DELETE_TASK,
          handle: async (call) => {
            await kernel.remove(pathId(call.url, 0), actorOf(call.caller));
            return call.empty();
          },
        },
      },
    },
    {
      path: '/tasks/:id/cancel',
      methods: {
        POST: {
          operation: describeCancel(limits),
          handle: async (call) => {
            const task = await kernel.cancel(pathId(call.url, 1), await cancelOptions(call, limits));
            return call.json(200, toWire(task));
          },
        },
      },
    },
  ];
}

/** The hot path: one pass over the body, one `JSON.stringify`, one response. */
async function submit(call: Call, { kernel, limits }: ResolvedOptions): Promise<Response> {
  const options = submitOptions(call);
  // The kernel takes the graph apart, and says what is wrong with it.
  const graph = (await jsonBody(call, limits.maxBodyBytes)) as TaskGraphInput;
  const receipt = await kernel.submit(graph, options);
  const { accepted, task_ids, graph_id, warnings } = receipt;
  return call.json(202, { accepted, task_ids, graph_id, ...(warnings.length > 0 && { warnings }) });
}

/** With a `limit` one page and where the next begins; without one everything, streamed page by page. */
async function listTasks(call: Call, { kernel, limits, clock, logger }: ResolvedOptions): Promise<Response> {
  const filter = taskFilter(new Query(call.url), limits.maxPageItems);
  if (filter.limit !== undefined) {
    const page = await kernel.list(filter);
    const next = page.next === undefined ? undefined : encodeCursor(page.next);
    return call.json(200, page.tasks.map(toWire), next === undefined ? undefined : nextPageHeaders(call.url, next));
  }
  return arrayAnswer(call, taskBatches(kernel, { ...filter, limit: limits.streamBatchItems }), {
    clock,
    onBroken: (err) => logger.error({ err, trace_id: call.traceId, url: call.url }, 'the list of tasks broke off'),
  });
}

async function* taskBatches(kernel: Kernel, filter: TaskQuery): AsyncGenerator<readonly JsonObject[]> {
  for (let query: TaskQuery | undefined = filter; query !== undefined; ) {
    const page = await kernel.list(query);
    if (page.tasks.length > 0) yield page.tasks.map(toWire);
    query = page.next === undefined ? undefined : { ...filter, before: page.next };
  }
}

/** The link keeps the path as it was asked for, with the prefix under which the app is mounted, and every filter. */
function nextPageHeaders(url: string, cursor: string): Record<string, string> {
  const next = new URL(url);
  next.searchParams.set('cursor', cursor);
  return { 'X-Next-Cursor': cursor, Link: `<${next.pathname}${next.search}>; rel="next"` };
}
