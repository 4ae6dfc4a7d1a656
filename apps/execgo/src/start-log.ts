import type { SandboxState } from '@execgo/process';
import type { RecoverySummary } from '@execgo/scheduler';
import type { Logger } from 'pino';
import type { Policy } from './policy.js';
import type { ToolSources } from './project-files.js';
import type { ResolvedSettings } from './settings/resolve-settings.js';
import type { Settings } from './settings/table.js';
import { VERSION } from './version.js';

export interface ConfinementFacts extends Pick<StartFacts, 'policy' | 'sandbox'> {
  readonly settings: Settings;
}

export interface StartFacts {
  readonly resolved: ResolvedSettings;
  readonly policy: Policy;
  readonly sandbox: SandboxState;
  readonly sources: ToolSources;
  readonly recovery: RecoverySummary;
  /** Where the cache is, and whether it is up; absent where none is used. */
  readonly cache?: string;
  readonly url: string;
  /** `host:port` of gRPC, where it is served. */
  readonly grpcAddress?: string;
  readonly hasToken: boolean;
}

/** What an operator wants to know of a server that has just started: one line, and one for each thing to be wary of. */
export function logStart(logger: Logger, facts: StartFacts): void {
  const { resolved, policy, sandbox, sources, recovery, cache, url, grpcAddress, hasToken } = facts;
  const { settings, configFile } = resolved;
  for (const note of sources.notes) logger.info(note);
  for (const warning of [...resolved.warnings, ...warningsFor(facts)]) logger.warn(warning);
  logger.info(
    {
      url,
      ...(grpcAddress !== undefined && { grpc: grpcAddress, grpc_tls: settings.grpcTlsCert !== undefined }),
      version: VERSION,
      store: settings.store,
      ...(settings.store !== 'memory' && { data_dir: settings.dataDir, durability: settings.durability }),
      ...(cache !== undefined && { cache }),
      workspace: settings.workspace,
      shell_policy: policy.shell,
      sandbox: sandbox.in_force,
      ...(!sandbox.network && { sandbox_network: 'off' }),
      egress: policy.egress,
      ...(sources.mcpConfigs.length > 0 && { mcp_config: sources.mcpConfigs }),
      ...(sources.skillsDirs.length > 0 && { skills_dirs: sources.skillsDirs.map(({ path }) => path) }),
      exposure: policy.exposure,
      ...(policy.grpcExposure !== undefined && { grpc_exposure: policy.grpcExposure }),
      token: hasToken ? 'required' : 'none',
      max_concurrency: settings.maxConcurrency,
      ...(configFile !== undefined && { config_file: configFile }),
      recovered: recovery.unfinished,
      interrupted: recovery.interrupted,
    },
    `ExecGo serves on ${url}${grpcAddress === undefined ? '' : ` and gRPC on ${grpcAddress}`}`,
  );
}

/** What is to be wary of wherever tasks run, by a server or without one: what they may do, and what they can read. */
export function confinementWarnings({ settings, policy, sandbox }: ConfinementFacts): readonly string[] {
  const warnings: string[] = [];
  if (policy.legacy) {
    warnings.push(
      'LEGACY PROFILE: scripts run, files are not confined, children see the environment of this server, and every address ' +
        'can be reached. Whoever can submit a task is this user. Use it for a migration and nothing else',
    );
  }
  if (sandbox.reason !== undefined) {
    warnings.push(`no sandbox, commands run unconfined with the rights of this user: ${sandbox.reason}`);
  }
  if (policy.shell === 'open' && !policy.legacy && sandbox.in_force === 'none') {
    warnings.push('--shell-policy open: tasks can run any command as this user');
  }
  for (const [whose, url] of [
    ['Redis', settings.redisUrl],
    ['the runtime', settings.runtimeUrl],
  ] as const) {
    if (url === undefined || sandbox.in_force !== 'none' || new URL(url).password === '') continue;
    warnings.push(
      `the URL of ${whose} holds a password, and without a sandbox commands can read it, wherever it stands: flag, variable or config file`,
    );
  }
  return warnings;
}

function warningsFor({ resolved: { settings }, policy, sandbox, hasToken, recovery }: StartFacts): readonly string[] {
  const warnings = [...confinementWarnings({ settings, policy, sandbox })];
  if (policy.exposure === 'network' && !hasToken) {
    warnings.push('served beyond loopback without a token: whoever reaches this port can run tasks as this user');
  }
  if (policy.grpcExposure === 'network' && !hasToken) {
    warnings.push('gRPC beyond loopback without a token: whoever reaches that port can run tasks as this user');
  }
  if (policy.grpcExposure === 'network' && settings.grpcTlsCert === undefined) {
    warnings.push(
      'gRPC beyond loopback without TLS: tokens, inputs and results can be read on the way; give --grpc-tls-cert and ' +
        '--grpc-tls-key, or let a proxy encrypt',
    );
  }
  if (settings.token !== undefined) {
    warnings.push(
      'the token is in a variable, which every program of this user can read, tasks among them: prefer --token-file',
    );
  }
  if (settings.store === 'memory') warnings.push('--store memory: all tasks are forgotten when the server ends');
  if (settings.store !== 'memory' && settings.durability === 'none') {
    warnings.push('--durability none: what was acknowledged last is lost when the server or the machine crashes');
  }
  if (settings.noResume && recovery.unfinished > 0) {
    warnings.push(`--no-resume: ${recovery.unfinished} unfinished tasks are held as pending`);
  }
  return warnings;
}
