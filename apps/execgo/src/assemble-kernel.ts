import type { ExecGoError, SkillCatalogue } from '@execgo/core';
import { openSandbox, type SandboxState } from '@execgo/process';
import { createScheduler, type RetentionSweep, type Scheduler } from '@execgo/scheduler';
import type { Logger } from 'pino';
import { driverSettings } from './drivers/driver-settings.js';
import { loadExecutors } from './drivers/executor-packages.js';
import { openCache } from './drivers/open-cache.js';
import { createStore } from './drivers/open-store.js';
import { createOutputStore } from './drivers/output-store.js';
import { createExecutors } from './executors.js';
import { loggedStore } from './logged-store.js';
import type { Policy } from './policy.js';
import { projectFiles, type ToolSources, toolSources } from './project-files.js';
import { runtimeService } from './runtime.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import type { Settings } from './settings/table.js';
import { makeWorkspace, protectedPaths } from './workspace.js';

export interface AssemblyOptions {
  readonly policy: Policy;
  /** Takes the log; it stays the caller's. */
  readonly logger: Logger;
  /** Where driver packages are looked for first. @default the working directory of this process */
  readonly cwd?: string;
  /** What `${VAR}` in the configuration of an MCP server stands for. @default the environment of this process */
  readonly env?: NodeJS.ProcessEnv;
}

/** A kernel with its store, cache and executors, as the settings say; not yet started. */
export interface KernelAssembly {
  readonly scheduler: Scheduler;
  readonly skills: SkillCatalogue;
  /** How commands are confined. */
  readonly sandbox: SandboxState;
  readonly sources: ToolSources;
  readonly cache: Awaited<ReturnType<typeof openCache>>;
  /** Ports that this process listens on, which no task may reach: to be filled once they are known. */
  readonly ownPorts: number[];
  /** Resolves when the store has refused to write. Never rejects. */
  readonly failed: Promise<ExecGoError>;
  /** Closes what was put together and is not to be started; once the scheduler was started, its `stop` does. Never rejects. */
  discard(): Promise<void>;
}

/**
 * Puts a kernel together, with or without a server before it. Nothing runs until the scheduler is started, and stopping the
 * scheduler ends all of it.
 *
 * @throws SettingsError or ConfigError for settings that cannot be used together; ExecGoError `unavailable`,
 * `sandbox_setup_failed`
 */
export async function assembleKernel(resolved: ResolvedSettings, options: AssemblyOptions): Promise<KernelAssembly> {
  const { settings } = resolved;
  const { policy, logger, cwd = process.cwd(), env = process.env } = options;
  makeWorkspace(settings);

  const forDrivers = driverSettings(settings, policy);
  const onWarning = (message: string) => logger.warn(message);
  const { store, folder } = await createStore(settings.store, forDrivers, { cwd, onWarning });
  const cache = await openCache(settings, store, onWarning);
  const packages = await loadExecutors(settings.executor, forDrivers, cwd);
  const runtime = runtimeService(settings);
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
    ownServices: [cache?.address, runtime.address].filter((address) => address !== undefined),
    env,
    logger,
  });

  let fail: (error: ExecGoError) => void = () => {};
  const failed = new Promise<ExecGoError>((resolve) => {
    fail = resolve;
  });
  const outputStore = createOutputStore(settings);
  // A package may serve the type instead, where no runtime is configured.
  const served = packages.executors.some(({ category }) => category === runtime.executor.category);
  const ofRuntime = served && runtime.address === undefined ? [] : [runtime.executor];
  const drivers = {
    store: loggedStore(cache ?? store, logger),
    executors: [...executors, ...ofRuntime, ...packages.executors],
  };
  const scheduler = createScheduler({
    ...kernelLimits(settings),
    ...drivers,
    ...(outputStore !== undefined && { outputStore }),
    onRetention: (sweep) => logRetention(logger, sweep),
    onOutputProblem: (err) => logger.warn({ err }, err.message),
    onFailure: (error) => fail(error),
  });
  const discard = async () => {
    // What cannot be closed is the lesser news: whoever discards has another error to tell.
    await Promise.allSettled([...drivers.executors, drivers.store].map(async (driver) => driver.close?.()));
  };
  return { scheduler, skills, sandbox: sandbox.state, sources, cache, ownPorts, failed, discard };
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
