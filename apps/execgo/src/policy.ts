import { isLoopbackAddress } from '@execgo/access';
import type { ListenAddress } from './settings/kinds.js';
import { SettingsError } from './settings/settings-error.js';
import type { Settings } from './settings/table.js';

/** What holds once the settings that depend on each other are settled. */
export interface Policy {
  /** `loopback`: programs of this machine alone can reach the server. */
  readonly exposure: 'loopback' | 'network';
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
  const { addr, shellPolicy, egress, sandbox, allowUnauthenticated } = settings;
  const exposure = isLoopback(addr) ? 'loopback' : 'network';
  const legacy = settings.profile === 'legacy';
  if (exposure === 'network' && legacy) {
    throw new SettingsError(
      `the legacy profile is for loopback alone, and ${describeAddress(addr)} can be reached from other machines: ` +
        'leave the profile out, or listen on 127.0.0.1',
    );
  }
  if (exposure === 'network' && !hasToken && !allowUnauthenticated) {
    throw new SettingsError(
      `${describeAddress(addr)} can be reached from other machines, and no token is set: give one with --token-file ` +
        '(or EXECGO_TOKEN), or say --allow-unauthenticated if whoever reaches the port may run tasks here',
    );
  }
  return {
    exposure,
    shell: shellPolicy ?? (legacy ? 'open' : 'allowlist'),
    egress: egress ?? (legacy ? 'open' : exposure === 'loopback' ? 'local' : 'standard'),
    sandbox: sandbox ?? (legacy ? 'off' : 'auto'),
    legacy,
  };
}

/** As a user would write it. */
export function describeAddress({ host, port }: ListenAddress): string {
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
}

function isLoopback({ host }: ListenAddress): boolean {
  return host !== undefined && isLoopbackAddress(host);
}
