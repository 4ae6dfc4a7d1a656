import { Hono } from 'hono';
import { type AppOptions, resolveAppOptions } from './app-options.js';
import { closingSignal, peerAddress } from './bindings.js';
import { endpoint, type Route } from './endpoint.js';
import { requireLoopback } from './loopback-apps.js';
import { eventRoutes } from './routes/event-routes.js';
import { graphRoutes } from './routes/graph-routes.js';
import { mcpRoutes } from './routes/mcp-routes.js';
import { metricsRoute } from './routes/metrics-route.js';
import { outputRoutes } from './routes/output-routes.js';
import { probeRoutes } from './routes/probe-routes.js';
import { skillRoutes } from './routes/skill-routes.js';
import { taskRoutes } from './routes/task-routes.js';

/** Whatever no route answers to. */
const NOWHERE: Route = { path: '*', methods: {} };

/**
 * The HTTP API of a kernel, as a Hono app: it runs under any host of Hono, and may be mounted under a prefix
 * (`new Hono().route('/execgo', app)`). It holds no state but the moment it was made, from which it counts its uptime.
 *
 * Every request is judged by who may call before anything else, on every path; every answer carries `X-Trace-ID`.
 *
 * @throws ConfigError naming the option that cannot be used
 */
export function createApp(options: AppOptions): Hono {
  const resolved = resolveAppOptions(options);
  const app = new Hono();
  const routes = [
    ...taskRoutes(resolved),
    ...eventRoutes(resolved),
    ...outputRoutes(resolved),
    ...graphRoutes(resolved),
    ...mcpRoutes(resolved),
    ...skillRoutes(resolved),
    ...probeRoutes(resolved),
    metricsRoute(resolved),
    NOWHERE,
  ];
  for (const door of resolved.doors) {
    app.all(door.path, ({ env, req }) => door.fetch(req.raw, { peer: peerAddress(env), closing: closingSignal(env) }));
  }
  for (const route of routes) app.all(route.path, endpoint(route, resolved));
  if (resolved.access.loopbackOnly) requireLoopback(app);
  return app;
}
