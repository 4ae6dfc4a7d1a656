import { isLoopbackAddress } from '@execgo/access';

/** `host:port` of an http address of this machine with nothing behind the port: what can be started here; else undefined. */
export function localAddress(url: string): string | undefined {
  const { protocol, hostname, port, pathname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isHere = isLoopbackAddress(host) && protocol === 'http:' && pathname === '/';
  return isHere ? `${hostname}:${port || '80'}` : undefined;
}
