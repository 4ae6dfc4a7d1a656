import type { Scope } from '@execgo/access';
import type { JsonObject } from '@execgo/core';
import type { ResolvedOptions } from '../app-options.js';
import { type Route, scopeOf } from '../endpoint.js';
import { NAMED_SCHEMAS } from './components.js';
import { COMMON_ERRORS, errorReference, errorResponse, errorResponses } from './errors.js';
import { TRACE_ID, TRACE_ID_HEADER } from './headers.js';
import { JsonSchemas } from './json-schema.js';
import { type Answer, type Content, type Operation, type Parameter, TAGS } from './operation.js';

const DESCRIPTION = `ExecGo takes graphs of tasks, runs them durably and confined, and shows what happened.

HEAD answers as GET. Every error has the form \`Error\`, and every answer carries \`X-Trace-ID\`. Beyond what the operations say:
405 for a method that a path does not have, 408, 400 and 431 for what could not be read as a request.

Where the server offers it, \`/mcp\` is a Model Context Protocol server (streamable HTTP): POST, GET and DELETE as that protocol has
them, with errors in its form, and 405 for every other method, HEAD too.`;

/** The OpenAPI 3.1 document of these routes. */
export async function openApiDocument(
  routes: readonly Route[],
  { version, access }: OpenApiOptions,
): Promise<JsonObject> {
  const schemas = await JsonSchemas.load(NAMED_SCHEMAS);
  const described = routes.filter(({ methods }) => Object.keys(methods).length > 0);
  const asksToken = access.tokens.length > 0;
  return {
    openapi: '3.1.0',
    info: {
      title: 'ExecGo',
      summary: 'An execution kernel for AI agents',
      description: DESCRIPTION,
      version: version.replace(/^v/, ''),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative to where the document is: also under a prefix.
    servers: [{ url: '.', description: 'This server' }],
    tags: usedTags(described),
    paths: Object.fromEntries(
      described.map((route) => [pathTemplate(route.path), pathItem(route, asksToken, schemas)]),
    ),
    components: {
      schemas: schemas.components(),
      responses: errorResponses(),
      headers: { TraceId: TRACE_ID },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token.' },
        basic: { type: 'http', scheme: 'basic', description: 'The token as password, with any user.' },
      },
    },
  };
}

type OpenApiOptions = Pick<ResolvedOptions, 'version' | 'access'>;

/** `/skills/:name/files/:path{.+}` → `/skills/{name}/files/{path}` */
export function pathTemplate(path: string): string {
  return path.replace(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
}

function usedTags(routes: readonly Route[]): JsonObject[] {
  const used = new Set(routes.flatMap(({ methods }) => Object.values(methods).map(({ operation }) => operation.tag)));
  return Object.entries(TAGS)
    .filter(([name]) => used.has(name as keyof typeof TAGS))
    .map(([name, description]) => ({ name, description }));
}

function pathItem(route: Route, asksToken: boolean, schemas: JsonSchemas): JsonObject {
  const { methods, open } = route;
  return Object.fromEntries(
    Object.entries(methods).map(([method, { operation }]) => {
      const security = open === true ? [] : securityOf(scopeOf(route, method), asksToken);
      return [method.toLowerCase(), describe(operation, security, open === true, schemas)];
    }),
  );
}

/** A token where the server asks for one; what it must be good for stands as its role (OpenAPI 3.1, 4.8.30). */
function securityOf(scope: Scope, asksToken: boolean): JsonObject[] {
  return [{ bearer: [scope] }, { basic: [scope] }, ...(asksToken ? [] : [{}])];
}

function describe(operation: Operation, security: JsonObject[], open: boolean, schemas: JsonSchemas): JsonObject {
  const { operationId, tag, summary, description, parameters = [], body, answers } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    security,
    ...(parameters.length > 0 && { parameters: parameters.map(parameter) }),
    ...(body !== undefined && {
      requestBody: {
        description: body.description,
        required: body.required ?? true,
        content: { 'application/json': content(body, schemas) },
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, given]) => [status, answer(given, schemas)])),
      ...refusals(operation, open),
    },
  };
}

function refusals({ errors = [], otherErrors = {}, body }: Operation, open: boolean): JsonObject {
  const common = open ? COMMON_ERRORS.filter((code) => code !== 'unauthenticated') : COMMON_ERRORS;
  const ofBody = body === undefined ? [] : (['too_large', 'unsupported_media_type'] as const);
  const others = Object.entries(otherErrors).map(([status, meaning]) => [
    status,
    errorResponse(meaning, 'invalid_input', meaning),
  ]);
  return {
    ...Object.fromEntries([...new Set([...common, ...ofBody, ...errors])].map(errorReference)),
    ...Object.fromEntries(others),
  };
}

function parameter({ in: place, name, description, schema, example, required, style, explode }: Parameter): JsonObject {
  return {
    in: place,
    name,
    description,
    ...((required ?? place === 'path') && { required: true }),
    ...(style !== undefined && { style }),
    ...(explode !== undefined && { explode }),
    schema,
    ...(example !== undefined && { example }),
  } as JsonObject;
}

function answer({ description, content: byType, headers }: Answer, schemas: JsonSchemas): JsonObject {
  return {
    description,
    headers: { ...TRACE_ID_HEADER, ...headers },
    ...(byType !== undefined && {
      content: Object.fromEntries(Object.entries(byType).map(([type, given]) => [type, content(given, schemas)])),
    }),
  } as JsonObject;
}

function content({ schema, example }: Content, schemas: JsonSchemas): JsonObject {
  return { schema: schemas.of(schema), example } as JsonObject;
}
