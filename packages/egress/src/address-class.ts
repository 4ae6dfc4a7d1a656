import ipaddr from 'ipaddr.js';

/**
 * What an address leads to. `metadata`: link-local addresses and the services by which clouds hand out credentials;
 * `loopback`: this machine, the unspecified address included; `private`: networks of the house; `reserved`: what no public
 * host has (multicast, documentation, translation prefixes, and whatever cannot be read).
 */
export type AddressClass = 'public' | 'loopback' | 'private' | 'metadata' | 'reserved';

/** Metadata services outside of the link-local ranges: Azure's wire server, Alibaba, Oracle, AWS, Google, Scaleway. */
const METADATA: ReadonlySet<string> = new Set(
  ['168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42'].map((address) =>
    ipaddr.parse(address).toNormalizedString(),
  ),
);

const CLASS_OF_RANGE: Readonly<Record<string, AddressClass>> = {
  unicast: 'public',
  linkLocal: 'metadata',
  loopback: 'loopback',
  unspecified: 'loopback',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'private',
};

/** @param address an IP address as text, IPv6 with or without its zone */
export function classifyAddress(address: string): AddressClass {
  if (!ipaddr.isValid(address)) return 'reserved';
  const parsed = ipaddr.parse(address);
  if (METADATA.has(withoutZone(parsed))) return 'metadata';
  if (parsed instanceof ipaddr.IPv6) {
    if (parsed.isIPv4MappedAddress()) return classifyAddress(parsed.toIPv4Address().toString());
    const embedded = embeddedIpv4(parsed).map(classifyAddress);
    if (embedded.includes('metadata')) return 'metadata';
    // What is translated or tunnelled ends at the IPv4 address inside: not a public host of its own.
    if (embedded.length > 0 && parsed.range() === 'unicast') return 'reserved';
  }
  return CLASS_OF_RANGE[parsed.range()] ?? 'reserved';
}

/** One spelling for each address, IPv4 for what maps to it: for comparisons. */
export function canonicalAddress(address: string): string {
  return ipaddr.isValid(address) ? withoutZone(ipaddr.process(address)) : address.toLowerCase();
}

function withoutZone(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return address.toNormalizedString().replace(/%.*$/, '');
}

/**
 * IPv4 addresses that an IPv6 address may stand for: IPv4-compatible (RFC 4291), 6to4 (RFC 3056), NAT64 with the well-known
 * and the local prefix (RFC 6052, RFC 8215), Teredo (RFC 4380), ISATAP (RFC 5214).
 */
function embeddedIpv4(address: ipaddr.IPv6): readonly string[] {
  const bytes = address.toByteArray();
  const at = (offset: number) => bytes.slice(offset, offset + 4).join('.');
  const [group0, group1, , , group4, group5] = address.parts;
  const found: string[] = [];
  if (bytes.slice(0, 12).every((byte) => byte === 0)) found.push(at(12));
  if (group0 === 0x2002) found.push(at(2));
  if (group0 === 0x64 && group1 === 0xff9b) found.push(at(12));
  if (group0 === 0x2001 && group1 === 0) {
    found.push(at(4));
    const hidden = bytes.slice(12).map((byte) => byte ^ 0xff);
    found.push(hidden.join('.'));
  }
  if ((group4 === 0 || group4 === 0x200) && group5 === 0x5efe) found.push(at(12));
  return found;
}
