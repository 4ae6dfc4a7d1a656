import type { ResolvedOptions } from '../app-options.js';
import type { Route } from '../endpoint.js';
import { openApiDocument } from '../openapi/document.js';
import { GET_OPENAPI } from './server-operations.js';

/** `/openapi.json`: made on first request, and once, since most servers are never asked. */
export function openApiRoute(routes: () => readonly Route[], options: ResolvedOptions): Route {
  let text: Promise<string> | undefined;
  return {
    path: '/openapi.json',
    methods: {
      GET: {
        operation: GET_OPENAPI,
        handle: async (call) => {
          text ??= openApiDocument(routes(), options)
            .then((document) => JSON.stringify(document))
            .catch((error: unknown) => {
              text = undefined;
              throw error;
            });
          return call.answer(200, 'application/json', await text);
        },
      },
    },
  };
}
