import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ExecGoError, errorMessage } from '@execgo/core';
import { canonicalAddress, classifyAddress } from './address-class.js';
import { canonicalHost, type HostPort, parseHostPort } from './host-port.js';

export const EGRESS_PROFILES = ['local', 'standard', 'strict', 'open'] as const;
/**
 * Where tasks may connect to. `local`: anywhere but link-local and metadata addresses. `standard`: public addresses and the
 * allow list. `strict`: the allow list. `open`: anywhere. All but `open` refuse ExecGo's own ports and forbidden targets, and
 * no allow list opens metadata addresses.
 */
export type EgressProfile = (typeof EGRESS_PROFILES)[number];

/** Every address of a host, in the order to try them. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface EgressPolicy {
  readonly profile: EgressProfile;
  readonly allow: readonly HostPort[];
  /** Targets that are refused wherever they resolve to. */
  readonly forbid: readonly HostPort[];
  /** Ports of this machine that are refused; asked for at each connection, since a server may get its port late. */
  readonly forbidPorts: () => readonly number[];
  readonly lookup: Lookup;
}

/**
 * Decides about every connection that tasks ask for, in two steps that belong together: `resolve` names the addresses that
 * may be connected to, and the caller connects to one of those, never to the name again: a name that resolves otherwise the
 * second time changes nothing.
 */
export class EgressGuard {
  constructor(private readonly policy: EgressPolicy) {}

  /**
   * Refuses what can be refused by its text: an address, a port or a name.
   *
   * @throws ExecGoError `denied`
   */
  checkTarget(host: string, port: number): void {
    const target = { host: canonicalHost(host), port };
    if (isIP(target.host)) this.checkAddress(target.host, target);
    else this.checkName(target);
  }

  /**
   * The addresses of a host that may be connected to, in order.
   *
   * @throws ExecGoError `denied` when it has none that may be, `external_failure` when it has none at all
   */
  async resolve(host: string, port: number): Promise<readonly string[]> {
    const target = { host: canonicalHost(host), port };
    if (isIP(target.host)) {
      this.checkAddress(target.host, target);
      await this.checkForbiddenNames(target, [target.host]);
      return [target.host];
    }
    this.checkName(target);
    const addresses = await this.lookup(target.host);
    await this.checkForbiddenNames(target, addresses);
    return this.permitted(addresses, target);
  }

  /**
   * The addresses of a name that a task may learn: those it could connect to on some port.
   *
   * @throws as `resolve`
   */
  async learn(name: string): Promise<readonly string[]> {
    const host = canonicalHost(name);
    this.checkLearnable(host);
    const addresses = isIP(host) ? [host] : await this.lookup(host);
    const listed = this.policy.allow.find((entry) => entry.host === host);
    return this.permitted(addresses, { host, port: listed?.port ?? 0 });
  }

  /** Refuses questions about a name, which themselves carry data outside. @throws ExecGoError `denied` */
  checkLearnable(name: string): void {
    const host = canonicalHost(name);
    if (this.policy.profile !== 'strict' || this.policy.allow.some((entry) => entry.host === host)) return;
    throw refused(host, 'it is not on the allow list of the egress profile "strict"');
  }

  /** The last look, at the address that a socket is really connected to. @throws ExecGoError `denied` */
  checkConnected(address: string, host: string, port: number): void {
    this.checkAddress(canonicalAddress(address), { host: canonicalHost(host), port });
  }

  private permitted(addresses: readonly string[], target: HostPort): readonly string[] {
    let refusal: unknown;
    const permitted = addresses.filter((address) => {
      try {
        this.checkAddress(canonicalAddress(address), target);
        return true;
      } catch (error) {
        refusal ??= error;
        return false;
      }
    });
    if (permitted.length === 0) throw refusal ?? new ExecGoError('external_failure', `${target.host} has no address`);
    return permitted;
  }

  private checkName(target: HostPort): void {
    const { profile, forbid } = this.policy;
    if (profile === 'open') return;
    if (forbid.some((entry) => isSame(entry, target)))
      throw refused(describe(target), 'it is one of ExecGo’s own services');
    if (profile === 'strict' && !this.isListed(target, target.host)) {
      throw refused(describe(target), 'it is not on the allow list of the egress profile "strict"');
    }
  }

  private checkAddress(address: string, target: HostPort): void {
    const { profile, forbid } = this.policy;
    if (profile === 'open') return;
    const shown = address === target.host ? describe(target) : `${describe(target)} (${address})`;
    const kind = classifyAddress(address);
    if (kind === 'metadata') throw refused(shown, 'link-local and metadata addresses are never allowed');
    const here = () => isThisMachine(address, kind);
    const isForbidden = ({ host, port }: HostPort) =>
      port === target.port && (host === target.host || host === address || (isLoopback(host) && here()));
    if (forbid.some(isForbidden)) throw refused(shown, 'it is one of ExecGo’s own services');
    if (this.policy.forbidPorts().includes(target.port) && here()) {
      throw refused(shown, 'it is a port of this ExecGo server');
    }
    if (profile === 'local' || this.isListed(target, address)) return;
    if (profile === 'strict') throw refused(shown, 'it is not on the allow list of the egress profile "strict"');
    if (kind !== 'public') {
      throw refused(
        shown,
        `a ${kind} address is not allowed by the egress profile "standard"; list host:port in --egress-allow`,
      );
    }
  }

  /** A forbidden service may be known by a name, and asked for by its address or by another name. */
  private async checkForbiddenNames(target: HostPort, addresses: readonly string[]): Promise<void> {
    if (this.policy.profile === 'open') return;
    for (const entry of this.policy.forbid) {
      if (entry.port !== target.port || isIP(entry.host)) continue;
      const forbidden = await this.lookup(entry.host).catch(() => []);
      if (
        forbidden.some((address) => addresses.some((other) => canonicalAddress(other) === canonicalAddress(address)))
      ) {
        throw refused(describe(target), 'it is one of ExecGo’s own services');
      }
    }
  }

  private isListed(target: HostPort, address: string): boolean {
    return this.policy.allow.some(
      (entry) => entry.port === target.port && (entry.host === target.host || entry.host === address),
    );
  }

  private async lookup(host: string): Promise<readonly string[]> {
    try {
      return await this.policy.lookup(host);
    } catch (error) {
      throw new ExecGoError('external_failure', `cannot resolve ${host}: ${errorMessage(error)}`, { cause: error });
    }
  }
}

/** What the system's resolver says, hosts file included. */
export const lookupHost: Lookup = async (host) => {
  const found = await systemLookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};

/** @returns undefined for a text that is no `host:port` */
export function parseTargets(texts: readonly string[]): readonly HostPort[] | undefined {
  const targets = texts.map(parseHostPort);
  return targets.every((target) => target !== undefined) ? targets : undefined;
}

function isSame(left: HostPort, right: HostPort): boolean {
  return left.port === right.port && left.host === right.host;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || (isIP(host) !== 0 && classifyAddress(host) === 'loopback');
}

function isThisMachine(address: string, kind: string): boolean {
  if (kind === 'loopback') return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some((entry) => canonicalAddress(entry.address) === address);
}

function describe({ host, port }: HostPort): string {
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return port === 0 ? shown : `${shown}:${port}`;
}

function refused(target: string, why: string): ExecGoError {
  return new ExecGoError('denied', `connection to ${target} is refused: ${why}`, { details: { target } });
}
