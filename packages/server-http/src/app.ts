import { Hono } from 'hono';
import { type AppOptions, resolveAppOptions } from './app-options.js';
import { doorEndpoint, endpoint, type Route } from './endpoint.js';
import { requireLoopback } from './loopback-apps.js';
import { allRoutes } from './routes/all-routes.js';

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
  for (const door of resolved.doors) app.all(door.path, doorEndpoint(door, resolved));
  for (const route of [...allRoutes(resolved), NOWHERE]) app.all(route.path, endpoint(route, resolved));
  if (resolved.access.loopbackOnly) requireLoopback(app);
  return app;
}
