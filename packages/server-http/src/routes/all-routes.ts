import type { ResolvedOptions } from '../app-options.js';
import type { Route } from '../endpoint.js';
import { eventRoutes } from './event-routes.js';
import { graphRoutes } from './graph-routes.js';
import { mcpRoutes } from './mcp-routes.js';
import { metricsRoute } from './metrics-route.js';
import { openApiRoute } from './openapi-route.js';
import { outputRoutes } from './output-routes.js';
import { probeRoutes } from './probe-routes.js';
import { skillRoutes } from './skill-routes.js';
import { taskRoutes } from './task-routes.js';

/** Every path of the API; the document that describes them is one of them. */
export function allRoutes(options: ResolvedOptions): readonly Route[] {
  const routes: Route[] = [
    ...taskRoutes(options),
    ...eventRoutes(options),
    ...outputRoutes(options),
    ...graphRoutes(options),
    ...mcpRoutes(options),
    ...skillRoutes(options),
    ...probeRoutes(options),
    metricsRoute(options),
  ];
  routes.push(openApiRoute(() => routes, options));
  return routes;
}
