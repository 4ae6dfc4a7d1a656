import type { ResolvedOptions } from '../app-options.js';
import { cancelOptions } from '../cancel-options.js';
import type { Route } from '../endpoint.js';
import { longPoll } from '../long-poll.js';
import { pathId } from '../path-id.js';
import { Query } from '../query.js';
import { describeCancelGraph, GET_GRAPH } from './graph-operations.js';

export function graphRoutes({ kernel, limits }: ResolvedOptions): readonly Route[] {
  return [
    {
      path: '/graphs/:id',
      methods: {
        GET: {
          operation: GET_GRAPH,
          handle: async (call) => {
            const id = pathId(call.url, 0);
            return call.json(200, await longPoll(call, new Query(call.url), (wait) => kernel.graph(id, wait)));
          },
        },
      },
    },
    {
      path: '/graphs/:id/cancel',
      methods: {
        POST: {
          operation: describeCancelGraph(limits),
          handle: async (call) =>
            call.json(200, await kernel.cancelGraph(pathId(call.url, 1), await cancelOptions(call, limits))),
        },
      },
    },
  ];
}
