export { ALLOWED_COMMANDS, SHELL_POLICIES, type ShellPolicy } from './command-policy.js';
export { type AddressClass, classifyAddress } from './egress/address-class.js';
export { type DnsResolver, systemResolver } from './egress/dns-resolver.js';
export { EGRESS_PROFILES, type EgressProfile, type Lookup } from './egress/egress-guard.js';
export {
  type EgressOptions,
  type OsExecutorOptions,
  type ResolvedOsOptions,
  resolveOsOptions,
} from './options.js';
export { createOsExecutor } from './os-executor.js';
