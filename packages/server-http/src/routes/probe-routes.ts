import { identify } from '@execgo/access';
import { errorMessage, goDuration, type KernelHealth } from '@execgo/core';
import type { ResolvedOptions } from '../app-options.js';
import type { Call } from '../call.js';
import type { Route } from '../endpoint.js';
import { GET_HEALTH, GET_LIVE, GET_READY } from './server-operations.js';

/** `/health` `/livez` `/readyz`: they ask no token, since those who probe have none. */
export function probeRoutes(options: ResolvedOptions): readonly Route[] {
  return [
    {
      path: '/health',
      open: true,
      methods: {
        GET: {
          operation: GET_HEALTH,
          /** `status` is always `ok`, as clients of the first version expect; `state` says how the kernel is. */
          handle: async (call) => {
            const uptime = goDuration(options.clock.monotonic() - options.startedAtMs);
            const health = await healthFor(call, options);
            const own = { status: 'ok', version: options.version, uptime, ...health };
            const about = isKnown(call, options) ? options.about() : {};
            return call.json(200, { ...own, ...about, ...own });
          },
        },
      },
    },
    {
      path: '/livez',
      open: true,
      methods: { GET: { operation: GET_LIVE, handle: (call) => call.json(200, { status: 'ok' }) } },
    },
    {
      path: '/readyz',
      open: true,
      methods: {
        GET: {
          operation: GET_READY,
          handle: async (call) => {
            const health = await healthFor(call, options);
            const state = call.closing?.aborted === true ? 'stopping' : health.state;
            if (state === 'ok') return call.json(200, { status: 'ok' });
            const details = { ...health, state };
            const error = `not ready: ${state}`;
            return call.json(503, { error, code: 'unavailable', details, trace_id: call.traceId });
          },
        },
      },
    },
  ];
}

/** What is wrong is told to those who may call; to others only that something is. */
async function healthFor(call: Call, options: ResolvedOptions): Promise<Partial<KernelHealth>> {
  const health = await options.kernel
    .health()
    .catch((error: unknown): KernelHealth => ({ state: 'failed', problems: { kernel: errorMessage(error) } }));
  const problems = Object.keys(health.problems).length > 0 && isKnown(call, options);
  return { state: health.state, ...(problems && { problems: health.problems }) };
}

function isKnown(call: Call, { access }: ResolvedOptions): boolean {
  return identify(access, call.headers.get('authorization')) !== undefined;
}
