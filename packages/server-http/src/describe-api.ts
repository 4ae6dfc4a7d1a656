import type { JsonObject, Kernel } from '@execgo/core';
import { type AppOptions, resolveAppOptions } from './app-options.js';
import { openApiDocument } from './openapi/document.js';
import { allRoutes } from './routes/all-routes.js';

/**
 * The OpenAPI 3.1 document that `createApp` with the same options serves at `/openapi.json`. Starts nothing.
 *
 * @throws ConfigError naming the option that cannot be used
 */
export async function describeApi(options: Omit<AppOptions, 'kernel'>): Promise<JsonObject> {
  // Routes are described without being called, so that no kernel is ever asked for anything.
  const resolved = resolveAppOptions({ ...options, kernel: {} as Kernel });
  return openApiDocument(allRoutes(resolved), resolved);
}
