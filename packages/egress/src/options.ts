import { ConfigError } from '@execgo/core';
import {
  EGRESS_PROFILES,
  EgressGuard,
  type EgressPolicy,
  type EgressProfile,
  type Lookup,
  lookupHost,
  parseTargets,
} from './egress-guard.js';

export interface EgressOptions {
  /** @default 'standard' */
  readonly profile?: EgressProfile;
  /** `host:port` that may be connected to although the profile would not let it. */
  readonly allow?: readonly string[];
  /** `host:port` of ExecGo's own services, refused in every profile but `open`. */
  readonly forbid?: readonly string[];
  /** Ports of this machine that are refused, such as the server's own; a function is asked at each connection. */
  readonly forbidPorts?: readonly number[] | (() => readonly number[]);
  /** Resolves host names. @default the system's resolver */
  readonly lookup?: Lookup;
}

/** @throws ConfigError naming the option, what was expected and what came */
export function createEgressGuard(options: EgressOptions = {}): EgressGuard {
  return new EgressGuard(resolveEgress(options));
}

function resolveEgress(options: EgressOptions): EgressPolicy {
  const { profile = 'standard', forbidPorts = [] } = options;
  if (!EGRESS_PROFILES.includes(profile)) {
    throw new ConfigError('egress.profile', `one of ${EGRESS_PROFILES.join(', ')}`, profile);
  }
  return {
    profile,
    allow: targets('egress.allow', options.allow ?? []),
    forbid: targets('egress.forbid', options.forbid ?? []),
    forbidPorts: typeof forbidPorts === 'function' ? forbidPorts : () => forbidPorts,
    lookup: options.lookup ?? lookupHost,
  };
}

function targets(option: string, texts: readonly string[]) {
  const bad = texts.find((text) => parseTargets([text]) === undefined);
  if (bad !== undefined) throw new ConfigError(option, 'host:port, or [ipv6]:port', bad);
  return parseTargets(texts) ?? [];
}
