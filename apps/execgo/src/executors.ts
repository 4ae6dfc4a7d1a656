import type { Executor, SkillCatalogue } from '@execgo/core';
import type { EgressOptions } from '@execgo/egress';
import { createCliSkillsExecutor } from '@execgo/executor-cli-skills';
import { createMcpExecutor, type McpServerConfig, readMcpConfig } from '@execgo/executor-mcp';
import { createOsExecutor } from '@execgo/executor-os';
import type { Confinement } from '@execgo/process';
import type { Logger } from 'pino';
import type { Policy } from './policy.js';
import type { ToolSources } from './project-files.js';
import type { Settings } from './settings/table.js';
import { VERSION } from './version.js';

export interface ExecutorContext {
  readonly settings: Settings;
  readonly policy: Policy;
  readonly sources: ToolSources;
  readonly confinement: Confinement;
  /** What no task may touch. */
  readonly protectedPaths: readonly string[];
  /** Asked at each connection: the port is known once the server listens. */
  readonly ownPorts: () => readonly number[];
  /** `host:port` of services that this server itself uses, which no task may reach. */
  readonly ownServices: readonly string[];
  /** What `${VAR}` in the configuration of an MCP server stands for. */
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
}

export interface BuiltInExecutors {
  readonly executors: readonly Executor[];
  readonly skills: SkillCatalogue;
}

/** The executors that come with the server: `os`, `mcp` and `cli-skills`, under one policy. @throws ConfigError */
export function createExecutors(context: ExecutorContext): BuiltInExecutors {
  const { settings, policy, sources, confinement, protectedPaths, ownPorts, ownServices, logger } = context;
  const egress: EgressOptions = {
    profile: policy.egress,
    allow: settings.egressAllow,
    forbid: ownServices,
    forbidPorts: ownPorts,
  };
  const commands = {
    workspace: settings.workspace,
    shellPolicy: policy.shell,
    protectedPaths,
    confinement,
    inheritEnv: policy.legacy,
    unconfinedFiles: policy.legacy,
  };
  const skills = createCliSkillsExecutor({
    ...commands,
    skillsDirs: sources.skillsDirs,
    onWarning: (message) => logger.warn(message),
  });
  const mcp = createMcpExecutor({
    servers: readServers(context),
    egress,
    confinement,
    clientInfo: { name: 'execgo', version: VERSION },
    onNote: ({ server, message }) => logger.info({ mcp_server: server }, message),
  });
  return { executors: [createOsExecutor({ ...commands, egress }), mcp, skills], skills: skills.catalogue };
}

function readServers({ sources, env, logger }: ExecutorContext): Readonly<Record<string, McpServerConfig>> {
  const servers = new Map<string, McpServerConfig>();
  for (const file of sources.mcpConfigs) {
    const read = readMcpConfig(file, env);
    for (const warning of read.warnings) logger.warn(warning);
    for (const [name, config] of Object.entries(read.servers)) {
      if (!servers.has(name)) servers.set(name, config);
      else logger.warn(`${file}: the MCP server ${name} is configured already; this one is not used`);
    }
  }
  return Object.fromEntries(servers);
}
