import type { ExecGoError, Kernel } from '@execgo/core';
import { openSandbox, type SandboxState } from '@execgo/process';
import { createScheduler, type RecoverySummary, type RetentionSweep, type Scheduler } from '@execgo/scheduler';
import { createApp, type RunningServer } from '@execgo/server-http';
import type { Logger } from 'pino';
import { closeServer } from './close-server.js';
import { driverSettings } from './drivers/driver-settings.js';
import { loadExecutors } from './drivers/executor-packages.js';
import { cacheMetrics, openCache } from './drivers/open-cache.js';
import { createStore } from './drivers/open-store.js';
import { createOutputStore } from './drivers/output-store.js';
import { createExecutors } from './executors.js';
import { listen } from './listen.js';
import { loggedStore } from './logged-store.js';
import { type Policy, resolvePolicy } from './policy.js';
import { projectFiles, toolSources } from './project-files.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import type { Settings } from './settings/table.js';
import { logStart } from './start-log.js';
import { readToken } from './token.js';
import { VERSION } from './version.js';
import { makeWorkspace, protectedPaths } from './workspace.js';

export interface StartOptions {
  /** Takes the log; it stays the caller's. */
  readonly logger: Logger;
  /** Where driver packages are looked for first. @default the working directory of this process */
  readonly cwd?: string;
  /** What `${VAR}` in the configuration of an MCP server stands for. @default the environment of this process */
  readonly env?: NodeJS.ProcessEnv;
}

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
  const { logger, cwd = process.cwd(), env = process.env } = options;
  const token = readToken(settings);
  const policy = resolvePolicy(settings, token !== undefined);
  makeWorkspace(settings);

  const forDrivers = driverSettings(settings, policy);
  const onWarning = (message: string) => logger.warn(message);
  const { store, folder } = await createStore(settings.store, forDrivers, { cwd, onWarning });
  const cache = await openCache(settings, store, onWarning);
  const packages = await loadExecutors(settings.executor, forDrivers, cwd);
  const sources = toolSources(settings, cwd);
  const guarded = protectedPaths(resolved, sources, [folder, ...packages.folders]);
  const sandbox = await openSandbox({
    mode: policy.sandbox,
    writable: [settings.workspace],
    readable: settings.sandboxReadable,
    protectedPaths: guarded,
    network: settings.sandboxNetwork === 'on',
  });
  const ownPorts: number[] = [];
  const { executors, skills } = createExecutors({
    settings,
    policy,
    sources,
    confinement: sandbox.confinement,
    protectedPaths: [...guarded, ...projectFiles(cwd)],
    ownPorts: () => ownPorts,
    ownServices: cache === undefined ? [] : [cache.address],
    env,
    logger,
  });

  let fail: (error: ExecGoError) => void = () => {};
  const failed = new Promise<ExecGoError>((resolve) => {
    fail = resolve;
  });
  const outputStore = createOutputStore(settings);
  const scheduler = createScheduler({
    ...kernelLimits(settings),
    store: loggedStore(cache ?? store, logger),
    executors: [...executors, ...packages.executors],
    ...(outputStore !== undefined && { outputStore }),
    onRetention: (sweep) => logRetention(logger, sweep),
    onOutputProblem: (err) => logger.warn({ err }, err.message),
    onFailure: (error) => fail(error),
  });
  const app = createApp({
    kernel: scheduler,
    version: VERSION,
    skills,
    logger,
    limits: { maxBodyBytes: settings.maxBody },
    about: () => ({
      sandbox: { ...sandbox.state, limits: { ...sandbox.state.limits } },
      ...(cache !== undefined && { cache: { redis: cache.address, state: cache.stats().state } }),
    }),
    ...(cache !== undefined && { metrics: () => cacheMetrics(cache) }),
    access: {
      exposure: policy.exposure,
      ...(token !== undefined && { token }),
      allowUnauthenticated: settings.allowUnauthenticated,
      allowedOrigins: settings.allowedOrigins,
    },
  });
  // The port comes first: a second server beside a running one fails here, before it has touched anything.
  const http = await listen(app, settings.addr);
  ownPorts.push(http.address.port);
  const recovery = await recover(scheduler, http);
  logStart(logger, {
    resolved,
    policy,
    sandbox: sandbox.state,
    sources,
    recovery,
    ...(cache !== undefined && { cache: `${cache.address} (${cache.stats().state})` }),
    url: http.url,
    hasToken: token !== undefined,
  });

  let closed: Promise<void> | undefined;
  return {
    url: http.url,
    kernel: scheduler,
    policy,
    sandbox: sandbox.state,
    recovery,
    failed,
    close() {
      closed ??= closeServer(http, scheduler, settings.shutdownTimeout * 1000);
      return closed;
    },
  };
}

function kernelLimits(settings: Settings) {
  const { maxConcurrency, maxTasks, maxPending, defaultTimeout, noResume, retention, maxFinished } = settings;
  return {
    maxConcurrency,
    maxTasksPerGraph: maxTasks,
    maxPending,
    defaultTimeoutMs: defaultTimeout,
    resume: !noResume,
    retention: {
      ...(retention !== undefined && { maxAgeMs: retention }),
      ...(maxFinished !== undefined && { maxFinished }),
    },
  };
}

/** Under load there is a sweep a second: nothing to tell unless somebody wants to know. */
function logRetention(logger: Logger, { pruned, finished, error }: RetentionSweep): void {
  if (error === undefined) logger.debug({ pruned, finished }, 'finished tasks deleted by retention');
  else logger.warn({ err: error, pruned }, 'retention could not read the store; it tries again at the next sweep');
}

async function recover(scheduler: Scheduler, http: RunningServer): Promise<RecoverySummary> {
  try {
    return await scheduler.start();
  } catch (error) {
    await http.close();
    throw error;
  }
}
