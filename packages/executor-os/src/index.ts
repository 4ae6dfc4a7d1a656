export { ALLOWED_COMMANDS, SHELL_POLICIES, type ShellPolicy } from './command-policy.js';
export { type DnsResolver, systemResolver } from './dns-resolver.js';
export { type OsExecutorOptions, type ResolvedOsOptions, resolveOsOptions } from './options.js';
export { createOsExecutor } from './os-executor.js';
