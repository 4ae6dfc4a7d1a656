import type { ExecGoError, Kernel } from '@execgo/core';
import type { SandboxState } from '@execgo/process';
import type { RecoverySummary, Scheduler } from '@execgo/scheduler';
import { createApp, type RunningServer } from '@execgo/server-http';
import { type AssemblyOptions, assembleKernel } from './assemble-kernel.js';
import { closeServer } from './close-server.js';
import { cacheMetrics } from './drivers/open-cache.js';
import { listen } from './listen.js';
import { mcpDoor } from './mcp-door.js';
import { mcpOptions } from './mcp-options.js';
import { type Policy, resolvePolicy } from './policy.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import { logStart } from './start-log.js';
import { readTokens } from './token.js';
import { VERSION } from './version.js';

export type StartOptions = Omit<AssemblyOptions, 'policy'>;

/** A server that takes tasks. */
export interface ExecGoServer {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly kernel: Kernel;
  readonly policy: Policy;
  /** How commands are confined. */
  readonly sandbox: SandboxState;
  /** What an earlier life of the store had left. */
  readonly recovery: RecoverySummary;
  /** Resolves when the store has refused to write: nothing runs any more, and the server is to be closed. Never rejects. */
  readonly failed: Promise<ExecGoError>;
  /**
   * Ends it in good order: takes nothing new, drains HTTP, gives running attempts the shutdown timeout, flushes the store.
   * Safe to call twice.
   */
  close(): Promise<void>;
}

/**
 * Puts the server together and starts it; resolves when it has recovered what was left unfinished and takes tasks. Nothing of
 * it is left running when it rejects.
 *
 * @throws SettingsError or ConfigError for settings that cannot be used, alone or together
 * @throws ExecGoError `unavailable` for an address or a store that is in use, `internal` for a damaged store,
 * `sandbox_setup_failed` where a sandbox is required and does not hold
 */
export async function startServer(resolved: ResolvedSettings, options: StartOptions): Promise<ExecGoServer> {
  const { settings } = resolved;
  const { logger } = options;
  const tokens = readTokens(settings);
  const hasToken = Object.keys(tokens).length > 0;
  const policy = resolvePolicy(settings, hasToken);
  const assembly = await assembleKernel(resolved, { ...options, policy });
  const { scheduler, skills, sandbox, sources, cache } = assembly;

  const access = {
    exposure: policy.exposure,
    ...tokens,
    allowUnauthenticated: settings.allowUnauthenticated,
    allowedOrigins: settings.allowedOrigins,
  };
  const app = createApp({
    kernel: scheduler,
    version: VERSION,
    skills,
    logger,
    limits: { maxBodyBytes: settings.maxBody },
    doors: [mcpDoor({ kernel: scheduler, version: VERSION, access, logger, ...mcpOptions(settings) })],
    about: () => ({
      sandbox: { ...sandbox, limits: { ...sandbox.limits } },
      ...(cache !== undefined && { cache: { redis: cache.address, state: cache.stats().state } }),
    }),
    ...(cache !== undefined && { metrics: () => cacheMetrics(cache) }),
    access,
  });
  // The port comes first: a second server beside a running one fails here, before it has touched anything.
  const http = await listen(app, settings.addr);
  assembly.ownPorts.push(http.address.port);
  const recovery = await recover(scheduler, http);
  logStart(logger, {
    resolved,
    policy,
    sandbox,
    sources,
    recovery,
    ...(cache !== undefined && { cache: `${cache.address} (${cache.stats().state})` }),
    url: http.url,
    hasToken,
  });

  let closed: Promise<void> | undefined;
  return {
    url: http.url,
    kernel: scheduler,
    policy,
    sandbox,
    recovery,
    failed: assembly.failed,
    close() {
      closed ??= closeServer(http, scheduler, settings.shutdownTimeout * 1000);
      return closed;
    },
  };
}

async function recover(scheduler: Scheduler, http: RunningServer): Promise<RecoverySummary> {
  try {
    return await scheduler.start();
  } catch (error) {
    await http.close();
    throw error;
  }
}
