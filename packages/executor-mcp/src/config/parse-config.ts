import { readFileSync } from 'node:fs';
import { ConfigError, errorMessage, isJsonObject } from '@execgo/core';
import { expandVariables } from './expand-variables.js';
import { resolveServer, strangeFields } from './resolve-server.js';
import type { McpServerConfig } from './server-config.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ParsedMcpConfig {
  /** By name, variables put in; those that are switched off are left out. Holds secrets: not for logs. */
  readonly servers: Readonly<Record<string, McpServerConfig>>;
  /** Sentences about what was ignored. */
  readonly warnings: readonly string[];
}

/**
 * Reads a configuration of MCP servers as MCP hosts write it: `{"mcpServers": {…}}`, or `servers` for the same.
 *
 * @throws ConfigError naming the file and the field, never a value that a variable was replaced by
 */
export function readMcpConfig(file: string, env: Environment): ParsedMcpConfig {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    // A message of JSON.parse quotes the text, which may hold a secret.
    const reason = error instanceof SyntaxError ? 'it is not JSON' : errorMessage(error);
    throw new ConfigError(file, 'a readable JSON file with "mcpServers"', reason);
  }
  return parseMcpConfig(json, env, file);
}

/**
 * The same of parsed JSON.
 *
 * @param file names the source in errors
 * @throws as `readMcpConfig`
 */
export function parseMcpConfig(json: unknown, env: Environment, file?: string): ParsedMcpConfig {
  const prefix = file === undefined ? '' : `${file}: `;
  if (!isJsonObject(json)) throw new ConfigError(`${prefix}mcpServers`, 'an object with "mcpServers"', json);
  const { mcpServers, servers } = json;
  if (mcpServers !== undefined && servers !== undefined) {
    throw new ConfigError(`${prefix}servers`, 'either "mcpServers" or "servers", not both', servers);
  }
  const listed = mcpServers ?? servers;
  if (!isJsonObject(listed)) throw new ConfigError(`${prefix}mcpServers`, 'an object of servers by name', listed);
  const found: [string, McpServerConfig][] = [];
  const warnings: string[] = [];
  for (const [name, entry] of Object.entries(listed)) {
    if (isJsonObject(entry) && entry.disabled === true) {
      warnings.push(`${prefix}MCP server ${JSON.stringify(name)} is disabled`);
      continue;
    }
    const config = expandServer(`${prefix}mcpServers.${name}`, entry, env);
    resolveServer(name, config, prefix);
    const strange = strangeFields(entry);
    if (strange.length > 0) {
      warnings.push(`${prefix}MCP server ${JSON.stringify(name)}: ignored fields: ${strange.join(', ')}`);
    }
    found.push([name, config]);
  }
  return { servers: Object.fromEntries(found), warnings };
}

function expandServer(path: string, entry: unknown, env: Environment): McpServerConfig {
  if (!isJsonObject(entry)) throw new ConfigError(path, 'an object', entry);
  const secrets: string[] = [];
  const expand = (field: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value;
    const expansion = expandVariables(value, env);
    if (expansion.unset !== undefined) {
      throw new ConfigError(`${path}.${field}`, `the variable ${expansion.unset} to be set, or a default`, undefined);
    }
    secrets.push(...expansion.secrets);
    return expansion.text;
  };
  const expandMap = (field: string, value: unknown): unknown => {
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(`${field}.${key}`, item)]));
  };
  const { args } = entry;
  const expanded = {
    ...entry,
    ...defined('command', expand('command', entry.command)),
    ...defined('url', expand('url', entry.url)),
    ...defined('args', Array.isArray(args) ? args.map((item, at) => expand(`args[${at}]`, item)) : args),
    ...defined('env', expandMap('env', entry.env)),
    ...defined('headers', expandMap('headers', entry.headers)),
  };
  // What it really is, `resolveServer` says.
  return { ...expanded, ...(secrets.length > 0 ? { secrets } : {}) } as unknown as McpServerConfig;
}

function defined(field: string, value: unknown): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : { [field]: value };
}
