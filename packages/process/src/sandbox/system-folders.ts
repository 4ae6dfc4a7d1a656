import { lstatSync, readlinkSync } from 'node:fs';

/** Programs and their libraries. */
const PROGRAMS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];
/** Stores of programs on systems that keep none in /usr. */
const STORES = ['/nix/store', '/gnu/store'];

/**
 * What programs need of /etc: names, time, certificates, the loader. No password hashes, no private keys, nothing of services.
 */
const CONFIGURATION = [
  'resolv.conf',
  'hosts',
  'host.conf',
  'nsswitch.conf',
  'gai.conf',
  'services',
  'protocols',
  'passwd',
  'group',
  'localtime',
  'timezone',
  'alternatives',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'mime.types',
  'ca-certificates.conf',
  'ssl/certs',
  'ssl/openssl.cnf',
  'ssl/cert.pem',
  'pki/ca-trust/extracted',
  'pki/tls/certs',
  'pki/tls/cert.pem',
  'pki/tls/openssl.cnf',
  'crypto-policies/back-ends',
].map((name) => `/etc/${name}`);

/** File systems of the kernel, of which a sandbox gets its own. */
export const KERNEL_FOLDERS: readonly string[] = ['/proc', '/dev', '/sys'];
/** What must never be given to write to, nor anything that holds one of them. */
export const SYSTEM_FOLDERS: readonly string[] = [...PROGRAMS, '/etc', ...KERNEL_FOLDERS];

/** Arguments of bwrap that show the system's programs, read-only. What is missing here is left out. */
export function systemArguments(): readonly string[] {
  return [
    ...PROGRAMS.flatMap(programs),
    ...[...STORES, ...CONFIGURATION].flatMap((path) => ['--ro-bind-try', path, path]),
  ];
}

function programs(path: string): readonly string[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  // /bin is a link to usr/bin on many systems.
  return stats.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}
