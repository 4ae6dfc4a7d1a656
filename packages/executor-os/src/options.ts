import { type Clock, ConfigError } from '@execgo/core';
import { createEgressGuard, type EgressGuard, type EgressOptions } from '@execgo/egress';
import {
  type Confinement,
  checkLimits,
  DEFAULT_MAX_READ_BYTES,
  DEFAULT_OUTPUT_MAX_BYTES,
  noConfinement,
  type ResourceLimits,
  SHELL_POLICIES,
  type ShellPolicy,
} from '@execgo/process';
import { type DnsResolver, systemResolver } from './dns-resolver.js';

export interface OsExecutorOptions {
  /** The folder that files and working directories are confined to; made by `open`. @default './workspace' */
  readonly workspace?: string;
  /** @default 'allowlist' */
  readonly shellPolicy?: ShellPolicy;
  /** Where the network tools may connect to. @default the profile `standard` */
  readonly egress?: EgressOptions;
  /** Answers for the DNS records txt and cname. @default the system's servers */
  readonly resolver?: DnsResolver;
  /** Paths that no file action touches: data directory, configuration, skills. `.git` always is. */
  readonly protectedPaths?: readonly string[];
  /** The most that any command gets; a task may ask for less. @default 64 MiB of output, the rest unbounded */
  readonly limits?: ResourceLimits;
  /** How commands are confined. @default noConfinement */
  readonly confinement?: Confinement;
  /** Largest file that is read, in bytes. @default 1 MiB */
  readonly maxReadBytes?: number;
  /** Bytes of an HTTP body that are kept, after decompression. @default 1 MiB */
  readonly maxBodyBytes?: number;
  /** @default 5 */
  readonly maxRedirects?: number;
  /** Milliseconds for the headers of an HTTP answer to come, and between two pieces of its body. @default 60000 */
  readonly httpTimeoutMs?: number;
  /** Give commands the server's whole environment but what begins with EXECGO_: for the legacy profile. @default false */
  readonly inheritEnv?: boolean;
  /** Let file actions and working directories lead out of the workspace: for the legacy profile. @default false */
  readonly unconfinedFiles?: boolean;
  /** Time for sleep. @default this process's timers */
  readonly clock?: Pick<Clock, 'after'>;
}

const DEFAULT_WORKSPACE = './workspace';
const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;
const DEFAULT_MAX_REDIRECTS = 5;
const DEFAULT_HTTP_TIMEOUT_MS = 60_000;
const DEFAULT_LIMITS: ResourceLimits = { output_max_bytes: DEFAULT_OUTPUT_MAX_BYTES };

/** Every option with its value. */
export interface ResolvedOsOptions {
  readonly workspace: string;
  readonly shellPolicy: ShellPolicy;
  readonly egress: EgressGuard;
  readonly resolver: DnsResolver;
  readonly protectedPaths: readonly string[];
  readonly limits: ResourceLimits;
  readonly confinement: Confinement;
  readonly maxReadBytes: number;
  readonly maxBodyBytes: number;
  readonly maxRedirects: number;
  readonly httpTimeoutMs: number;
  readonly inheritEnv: boolean;
  readonly unconfinedFiles: boolean;
  readonly clock: Pick<Clock, 'after'>;
}

/** @throws ConfigError naming the option, what was expected and what came */
export function resolveOsOptions(options: OsExecutorOptions = {}): ResolvedOsOptions {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  checkLimits(limits);
  const workspace = options.workspace ?? DEFAULT_WORKSPACE;
  if (workspace === '') throw new ConfigError('workspace', 'a folder', workspace);
  return {
    workspace,
    shellPolicy: oneOf('shellPolicy', SHELL_POLICIES, options.shellPolicy ?? 'allowlist'),
    egress: createEgressGuard(options.egress),
    resolver: options.resolver ?? systemResolver(),
    protectedPaths: options.protectedPaths ?? [],
    limits,
    confinement: options.confinement ?? noConfinement,
    maxReadBytes: positive('maxReadBytes', options.maxReadBytes ?? DEFAULT_MAX_READ_BYTES),
    maxBodyBytes: positive('maxBodyBytes', options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES),
    maxRedirects: notNegative('maxRedirects', options.maxRedirects ?? DEFAULT_MAX_REDIRECTS),
    httpTimeoutMs: positive('httpTimeoutMs', options.httpTimeoutMs ?? DEFAULT_HTTP_TIMEOUT_MS),
    inheritEnv: options.inheritEnv ?? false,
    unconfinedFiles: options.unconfinedFiles ?? false,
    clock: options.clock ?? { after },
  };
}

function oneOf<T extends string>(option: string, values: readonly T[], value: T): T {
  if (!values.includes(value)) throw new ConfigError(option, `one of ${values.join(', ')}`, value);
  return value;
}

function positive(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw new ConfigError(option, 'a positive integer', value);
  return value;
}

function notNegative(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new ConfigError(option, 'an integer, 0 or more', value);
  return value;
}

function after(ms: number, fn: () => void): () => void {
  const timer = setTimeout(fn, ms);
  return () => clearTimeout(timer);
}
