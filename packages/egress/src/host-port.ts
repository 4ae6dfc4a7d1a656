import { isIP } from 'node:net';
import { canonicalAddress } from './address-class.js';

export interface HostPort {
  /** Lower case, without a closing dot; an address in its canonical spelling. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `[ipv6]:port` too; undefined when it is none. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/@]+)):(\d{1,5})$/.exec(text);
  const [, bracketed, plain, digits] = match ?? [];
  const port = Number(digits);
  if (match === null || port < 1 || port > 65_535) return undefined;
  if (bracketed !== undefined && isIP(bracketed) !== 6) return undefined;
  return { host: canonicalHost(bracketed ?? plain ?? ''), port };
}

/** One spelling for each host: `EXAMPLE.com.` and `[::FFFF:127.0.0.1]` become `example.com` and `127.0.0.1`. */
export function canonicalHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) ? canonicalAddress(bare) : bare.toLowerCase().replace(/\.$/, '');
}
