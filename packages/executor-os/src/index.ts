export { type DnsResolver, systemResolver } from './dns-resolver.js';
export { type OsExecutorOptions, type ResolvedOsOptions, resolveOsOptions } from './options.js';
export { createOsExecutor } from './os-executor.js';
