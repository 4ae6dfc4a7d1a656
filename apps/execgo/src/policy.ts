import { isLoopbackAddress } from '@execgo/access';
import type { ListenAddress } from './settings/kinds.js';
import { SettingsError } from './settings/settings-error.js';
import type { Settings } from './settings/table.js';

/** Who can reach an address: `loopback`: programs of this machine alone. */
export type Exposure = 'loopback' | 'network';

/** What holds once the settings that depend on each other are settled. */
export interface Policy {
  /** Who can reach HTTP. */
  readonly exposure: Exposure;
  /** The same of the address of gRPC, where it is served. */
  readonly grpcExposure?: Exposure;
  readonly shell: 'allowlist' | 'open';
  readonly egress: 'local' | 'standard' | 'strict' | 'open';
  /** What is asked for; what holds is known once it was tried. */
  readonly sandbox: 'auto' | 'required' | 'off';
  /** Unconfined files, inherited environment. */
  readonly legacy: boolean;
}

/**
 * The policy in force. The legacy profile changes defaults: what is set explicitly holds there too.
 *
 * @throws SettingsError for a server that would be open to the network without a word, and for the legacy profile beyond loopback
 */
export function resolvePolicy(settings: Settings, hasToken: boolean): Policy {
  const { addr, grpcAddr, shellPolicy, egress, sandbox } = settings;
  const legacy = settings.profile === 'legacy';
  const addresses = grpcAddr === undefined ? [addr] : [addr, grpcAddr];
  const open = addresses.filter((address) => !isLoopback(address));
  for (const address of open) checkOpen(address, settings, legacy, hasToken);
  return {
    exposure: exposureOf(addr),
    ...(grpcAddr !== undefined && { grpcExposure: exposureOf(grpcAddr) }),
    shell: shellPolicy ?? (legacy ? 'open' : 'allowlist'),
    egress: egress ?? (legacy ? 'open' : open.length === 0 ? 'local' : 'standard'),
    sandbox: sandbox ?? (legacy ? 'off' : 'auto'),
    legacy,
  };
}

/** Each address is judged by itself: one on loopback does not excuse another that is not. */
function checkOpen(
  address: ListenAddress,
  { allowUnauthenticated }: Settings,
  legacy: boolean,
  hasToken: boolean,
): void {
  if (legacy) {
    throw new SettingsError(
      `the legacy profile is for loopback alone, and ${describeAddress(address)} can be reached from other machines: ` +
        'leave the profile out, or listen on 127.0.0.1',
    );
  }
  if (!hasToken && !allowUnauthenticated) {
    throw new SettingsError(
      `${describeAddress(address)} can be reached from other machines, and no token is set: give one with --token-file ` +
        '(or EXECGO_TOKEN), or say --allow-unauthenticated if whoever reaches the port may run tasks here',
    );
  }
}

/** As a user would write it. */
export function describeAddress({ host, port }: ListenAddress): string {
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
}

function exposureOf(address: ListenAddress): Exposure {
  return isLoopback(address) ? 'loopback' : 'network';
}

function isLoopback({ host }: ListenAddress): boolean {
  return host !== undefined && isLoopbackAddress(host);
}
