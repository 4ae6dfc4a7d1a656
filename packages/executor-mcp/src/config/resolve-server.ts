import { resolve } from 'node:path';
import { ConfigError, errorMessage, isJsonObject } from '@execgo/core';
import { checkVariable } from '@execgo/process';
import * as v from 'valibot';
import { nearestName } from './near-miss.js';
import { type Redact, redactor } from './redact.js';
import type { Era, McpServerConfig, SandboxSettings } from './server-config.js';
import { httpSchema, KNOWN_FIELDS, stdioSchema } from './server-schema.js';

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_TOTAL_TIMEOUT_MS = 600_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_CONCURRENCY = 8;
const DEFAULT_RESTART = { maxAttempts: 5, baseMs: 500, maxMs: 30_000 };

const SERVER_NAME = /^[A-Za-z0-9_-]+$/;
/** RFC 9110, 5.6.2: what a header name is made of. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** How the server is reached. */
export type ServerAddress =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
      /** Undefined: not confined. */
      readonly sandbox?: Required<SandboxSettings>;
    }
  | { readonly kind: 'http'; readonly url: URL; readonly headers: Readonly<Record<string, string>> };

/** A server with every setting decided. */
export interface ResolvedServer {
  readonly name: string;
  readonly address: ServerAddress;
  readonly timeoutMs: number;
  readonly maxTotalTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly maxConcurrency: number;
  readonly idleTimeoutMs: number | undefined;
  readonly allowTools: readonly string[] | undefined;
  readonly denyTools: readonly string[];
  readonly era: Era;
  readonly restart: { readonly maxAttempts: number; readonly baseMs: number; readonly maxMs: number };
  readonly redact: Redact;
}

type ParsedStdio = v.InferOutput<typeof stdioSchema>;
type ParsedServer = v.InferOutput<typeof stdioSchema> | v.InferOutput<typeof httpSchema>;

/**
 * @param source put before the path in errors: where the configuration was read from
 * @throws ConfigError naming `mcpServers.<name>` and the field
 */
export function resolveServer(name: string, config: McpServerConfig, source = ''): ResolvedServer {
  const path = `${source}mcpServers.${name}`;
  if (!SERVER_NAME.test(name)) {
    throw new ConfigError(path, 'a server name of letters, digits, "_" and "-"', name);
  }
  const parsed = parseServer(path, config);
  const { execgo = {} } = parsed;
  const {
    maxAttempts = DEFAULT_RESTART.maxAttempts,
    baseMs = DEFAULT_RESTART.baseMs,
    maxMs = DEFAULT_RESTART.maxMs,
  } = execgo.restart ?? {};
  if (maxMs < baseMs) {
    throw new ConfigError(`${path}.execgo.restart.maxMs`, `at least baseMs (${baseMs})`, maxMs);
  }
  return {
    name,
    address: addressOf(path, parsed),
    timeoutMs: execgo.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    maxTotalTimeoutMs: execgo.maxTotalTimeoutMs ?? DEFAULT_MAX_TOTAL_TIMEOUT_MS,
    connectTimeoutMs: execgo.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    maxConcurrency: execgo.maxConcurrency ?? DEFAULT_MAX_CONCURRENCY,
    idleTimeoutMs: execgo.idleTimeoutMs,
    allowTools: execgo.allowTools,
    denyTools: execgo.denyTools ?? [],
    era: execgo.era ?? 'auto',
    restart: { maxAttempts, baseMs, maxMs },
    redact: redactor(secretsOf(parsed)),
  };
}

/** Names of fields that are neither known nor near a known one; they mean nothing here. */
export function strangeFields(config: unknown): readonly string[] {
  if (!isJsonObject(config)) return [];
  const known: readonly string[] = KNOWN_FIELDS[''];
  return Object.keys(config).filter((field) => !known.includes(field));
}

function parseServer(path: string, config: unknown): ParsedServer {
  if (!isJsonObject(config)) throw new ConfigError(path, 'an object', config);
  refuseNearMisses(path, config);
  if (config.type === 'sse') {
    throw new ConfigError(
      `${path}.type`,
      '"http" or "stdio": the older HTTP+SSE transport is not supported, most such servers also speak streamable HTTP',
      config.type,
    );
  }
  const isStdio = config.type === 'stdio' || (config.type === undefined && config.command !== undefined);
  const isHttp = config.type === 'http' || config.type === 'streamable-http' || config.url !== undefined;
  if (!isStdio && config.type !== undefined && config.type !== 'http' && config.type !== 'streamable-http') {
    throw new ConfigError(`${path}.type`, '"stdio" or "http"', config.type);
  }
  if (!isStdio && !isHttp) throw new ConfigError(path, 'a "command" to start or a "url" to reach', config);
  if (config.command !== undefined && config.url !== undefined) {
    throw new ConfigError(path, 'either "command" or "url", not both', config);
  }
  const parsed = v.safeParse(isStdio ? stdioSchema : httpSchema, config);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = issue.path?.map(({ key }) => String(key)).join('.') ?? '';
  // The value may hold a secret, so only its kind is told.
  throw new ConfigError(`${path}${field === '' ? '' : `.${field}`}`, issue.message, kindOf(issue.input));
}

function refuseNearMisses(path: string, config: Readonly<Record<string, unknown>>): void {
  for (const [place, known] of Object.entries(KNOWN_FIELDS)) {
    const object = place
      .split('.')
      .slice(1)
      .reduce<unknown>((found, key) => (isJsonObject(found) ? found[key] : undefined), config);
    if (!isJsonObject(object)) continue;
    for (const field of Object.keys(object)) {
      if ((known as readonly string[]).includes(field)) continue;
      const meant = nearestName(field, known);
      // Inside our own settings every unknown name is a mistake; other hosts have fields of their own beside them.
      if (meant === undefined && place === '') continue;
      const expected = meant === undefined ? `one of ${known.join(', ')}` : `a known field; did you mean "${meant}"?`;
      throw new ConfigError(`${path}${place}.${field}`, expected, 'an unknown one');
    }
  }
}

function addressOf(path: string, parsed: ParsedServer): ServerAddress {
  if ('url' in parsed) return { kind: 'http', ...httpAddress(path, parsed.url, parsed.headers ?? {}) };
  const { command, args = [], env = {}, cwd, execgo } = parsed;
  for (const [name, value] of Object.entries(env)) {
    try {
      checkVariable(name, value);
    } catch (error) {
      throw new ConfigError(`${path}.env`, `variables that a child can be given (${errorMessage(error)})`, name);
    }
  }
  const sandbox = execgo?.sandbox;
  return {
    kind: 'stdio',
    command,
    args,
    env,
    ...(cwd === undefined ? {} : { cwd }),
    ...(sandbox === undefined || sandbox === false ? {} : { sandbox: resolveSandbox(sandbox) }),
  };
}

function resolveSandbox(given: NonNullable<NonNullable<ParsedStdio['execgo']>['sandbox']>): Required<SandboxSettings> {
  const { network = true, readable = [], writable = [] } = typeof given === 'object' ? given : {};
  return { network, readable: readable.map((path) => resolve(path)), writable: writable.map((path) => resolve(path)) };
}

function httpAddress(path: string, text: string, headers: Readonly<Record<string, string>>) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text may hold a key, so it is not repeated.
  if (url === undefined) throw new ConfigError(`${path}.url`, 'a URL', 'something else');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError(`${path}.url`, 'an http or https URL', url.protocol);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError(`${path}.url`, 'a URL without credentials; put them in "headers"', 'one with credentials');
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name)) throw new ConfigError(`${path}.headers`, 'header names', name);
    if (!HEADER_VALUE.test(value)) throw new ConfigError(`${path}.headers.${name}`, 'a value on one line', 'another');
  }
  return { url, headers };
}

function secretsOf(parsed: ParsedServer): readonly string[] {
  const { secrets = [] } = parsed;
  if (!('url' in parsed)) return [...secrets, ...Object.values(parsed.env ?? {})];
  const values = Object.values(parsed.headers ?? {});
  // A server may repeat the credentials of `Bearer <token>` without the word.
  return [...secrets, ...values, ...values.map((value) => value.replace(/^\w+\s+/, ''))];
}

function kindOf(value: unknown): unknown {
  if (typeof value === 'string') return 'another string';
  return value;
}
