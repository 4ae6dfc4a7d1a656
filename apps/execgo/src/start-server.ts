import type { ExecGoError, Kernel } from '@execgo/core';
import type { SandboxState } from '@execgo/process';
import type { RecoverySummary, Scheduler } from '@execgo/scheduler';
import type { RunningGrpcServer } from '@execgo/server-grpc';
import { createApp, type RunningServer } from '@execgo/server-http';
import type { Logger } from 'pino';
import { type AssemblyOptions, assembleKernel, type KernelAssembly } from './assemble-kernel.js';
import { closeDoors, closeServer, type Doors } from './close-server.js';
import { cacheMetrics } from './drivers/open-cache.js';
import { type GrpcDoor, type GrpcDoorOptions, loadGrpcDoor } from './grpc-door.js';
import { listen } from './listen.js';
import { mcpDoor } from './mcp-door.js';
import { mcpOptions } from './mcp-options.js';
import { describeAddress, type Policy, resolvePolicy } from './policy.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import type { Settings } from './settings/table.js';
import { logStart } from './start-log.js';
import { readTokens } from './token.js';
import { VERSION } from './version.js';

export type StartOptions = Omit<AssemblyOptions, 'policy'>;

/** A server that takes tasks. */
export interface ExecGoServer {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  /** `host:port` of gRPC, where it is served. */
  readonly grpcAddress: string | undefined;
  readonly kernel: Kernel;
  readonly policy: Policy;
  /** How commands are confined. */
  readonly sandbox: SandboxState;
  /** What an earlier life of the store had left. */
  readonly recovery: RecoverySummary;
  /** Resolves when the store has refused to write: nothing runs any more, and the server is to be closed. Never rejects. */
  readonly failed: Promise<ExecGoError>;
  /**
   * Ends it in good order: takes nothing new, drains HTTP and gRPC, gives running attempts the shutdown timeout, flushes the store.
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
  const grpcDoor = await loadGrpcDoor(settings);
  const assembly = await assembleKernel(resolved, { ...options, policy });
  const { scheduler, sandbox, sources, cache } = assembly;

  // The ports come first: a second server beside a running one fails here, before it has touched anything.
  const doors = await openDoors(assembly, { settings, policy, tokens, grpcDoor, logger }).catch(
    async (error: unknown) => {
      await assembly.discard();
      throw error;
    },
  );
  const { http, grpc } = doors;
  assembly.ownPorts.push(http.address.port, ...(grpc === undefined ? [] : [grpc.address.port]));
  const recovery = await recover(scheduler, doors);
  const grpcAddress = grpc === undefined ? undefined : describeAddress(grpc.address);
  logStart(logger, {
    resolved,
    policy,
    sandbox,
    sources,
    recovery,
    ...(cache !== undefined && { cache: `${cache.address} (${cache.stats().state})` }),
    url: http.url,
    ...(grpcAddress !== undefined && { grpcAddress }),
    hasToken,
  });

  let closed: Promise<void> | undefined;
  return {
    url: http.url,
    grpcAddress,
    kernel: scheduler,
    policy,
    sandbox,
    recovery,
    failed: assembly.failed,
    close() {
      closed ??= closeServer(doors, scheduler, settings.shutdownTimeout * 1000);
      return closed;
    },
  };
}

interface DoorParts {
  readonly settings: Settings;
  readonly policy: Policy;
  readonly tokens: ReturnType<typeof readTokens>;
  readonly grpcDoor: GrpcDoor | undefined;
  readonly logger: Logger;
}

/** Listens; nothing does when it rejects. */
async function openDoors(
  { scheduler, skills, sandbox, cache }: KernelAssembly,
  { settings, policy, tokens, grpcDoor, logger }: DoorParts,
): Promise<Doors> {
  const access = {
    ...tokens,
    allowUnauthenticated: settings.allowUnauthenticated,
    allowedOrigins: settings.allowedOrigins,
  };
  const httpAccess = { ...access, exposure: policy.exposure };
  const app = createApp({
    kernel: scheduler,
    version: VERSION,
    skills,
    logger,
    limits: { maxBodyBytes: settings.maxBody },
    doors: [mcpDoor({ kernel: scheduler, version: VERSION, access: httpAccess, logger, ...mcpOptions(settings) })],
    about: () => ({
      sandbox: { ...sandbox, limits: { ...sandbox.limits } },
      ...(cache !== undefined && { cache: { redis: cache.address, state: cache.stats().state } }),
    }),
    ...(cache !== undefined && { metrics: () => cacheMetrics(cache) }),
    access: httpAccess,
  });
  const http = await listen(app, settings.addr);
  const grpc = await openGrpc(grpcDoor, http, {
    kernel: scheduler,
    access: { ...access, exposure: policy.grpcExposure ?? 'loopback' },
    logger,
  });
  return { http, grpc };
}

async function openGrpc(
  door: GrpcDoor | undefined,
  http: RunningServer,
  options: GrpcDoorOptions,
): Promise<RunningGrpcServer | undefined> {
  try {
    return await door?.open(options);
  } catch (error) {
    await http.close();
    throw error;
  }
}

async function recover(scheduler: Scheduler, doors: Doors): Promise<RecoverySummary> {
  try {
    return await scheduler.start();
  } catch (error) {
    await closeDoors(doors);
    throw error;
  }
}
