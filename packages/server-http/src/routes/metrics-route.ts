import type { KernelStats } from '@execgo/core';
import { preferredType } from '../accept.js';
import type { ResolvedOptions } from '../app-options.js';
import type { Route } from '../endpoint.js';
import { PROMETHEUS_TYPE, prometheusText } from '../prometheus.js';
import { GET_METRICS } from './server-operations.js';

/** JSON as the first version had it; Prometheus text only for those who like it better (`Accept`). */
export function metricsRoute({ kernel, version, metrics, clock, startedAtMs }: ResolvedOptions): Route {
  return {
    path: '/metrics',
    methods: {
      GET: {
        operation: GET_METRICS,
        handle: (call) => {
          const stats = kernel.stats();
          const type = preferredType(call.headers.get('accept'), ['application/json', 'text/plain']);
          if (type === 'application/json') return call.json(200, statsToWire(stats));
          const text = prometheusText(stats, { version, uptimeMs: clock.monotonic() - startedAtMs }, metrics());
          return call.answer(200, PROMETHEUS_TYPE, text);
        },
      },
    },
  };
}

/** `tasks_failed` counts failed, cancelled and skipped ones, as the first version did. */
function statsToWire(stats: KernelStats) {
  return {
    tasks_total: stats.submitted,
    tasks_running: stats.running,
    tasks_succeeded: stats.succeeded,
    tasks_failed: stats.failed + stats.skipped,
    by_type: stats.byType,
  };
}
