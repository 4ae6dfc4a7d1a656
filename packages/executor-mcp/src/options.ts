import { type Clock, ConfigError, isJsonObject } from '@execgo/core';
import type { EgressOptions } from '@execgo/egress';
import { type Confinement, noConfinement } from '@execgo/process';
import { type ResolvedServer, resolveServer } from './config/resolve-server.js';
import type { McpServerConfig } from './config/server-config.js';

/** Something about a server that an operator may want to see; holds no configured value. */
export interface McpNote {
  readonly server: string;
  readonly message: string;
}

export interface McpExecutorOptions {
  /** By name, as `readMcpConfig` gives them; one with `disabled: true` is left out here too. */
  readonly servers: Readonly<Record<string, McpServerConfig>>;
  /** Where URLs may lead; the host and port of each configured URL are allowed beside that. @default the profile `standard` */
  readonly egress?: EgressOptions;
  /** How stdio servers are confined that ask for a sandbox. @default none: such a server cannot be started */
  readonly confinement?: Confinement;
  /** How ExecGo introduces itself to servers. @default {name: 'execgo', version: '0.1.0'} */
  readonly clientInfo?: { readonly name: string; readonly version: string };
  /** Longest single message that is taken from a server, in bytes. @default 8 MiB */
  readonly maxMessageBytes?: number;
  /** Told of restarts, skipped noise and the like. @default nobody is */
  readonly onNote?: (note: McpNote) => void;
  /** Time for timeouts and back-off. @default this process's */
  readonly clock?: Pick<Clock, 'monotonic' | 'after'>;
}

const DEFAULT_MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const DEFAULT_CLIENT_INFO = { name: 'execgo', version: '0.1.0' };

/** Every option with its value. */
export interface ResolvedMcpOptions {
  readonly servers: readonly ResolvedServer[];
  readonly egress: EgressOptions;
  readonly confinement: Confinement;
  readonly clientInfo: { readonly name: string; readonly version: string };
  readonly maxMessageBytes: number;
  readonly onNote: (note: McpNote) => void;
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
}

/** @throws ConfigError naming the option, what was expected and what came */
export function resolveMcpOptions(options: McpExecutorOptions): ResolvedMcpOptions {
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  if (!Number.isSafeInteger(maxMessageBytes) || maxMessageBytes < 1) {
    throw new ConfigError('maxMessageBytes', 'a positive integer', maxMessageBytes);
  }
  return {
    servers: Object.entries(options.servers)
      .filter(([, config]) => !(isJsonObject(config) && config.disabled === true))
      .map(([name, config]) => resolveServer(name, config)),
    egress: options.egress ?? {},
    confinement: options.confinement ?? noConfinement,
    clientInfo: options.clientInfo ?? DEFAULT_CLIENT_INFO,
    maxMessageBytes,
    onNote: options.onNote ?? (() => undefined),
    clock: options.clock ?? { monotonic: () => performance.now(), after },
  };
}

function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
