const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^(?:::ffff:)?127(?:\\.${OCTET}){3}$`, 'i');
const HOST = new RegExp(`^(?:localhost|127(?:\\.${OCTET}){3}|\\[::1\\])(?::\\d{1,5})?$`, 'i');

/** Whether a Host header names this machine's loopback: `localhost`, 127.0.0.0/8 or `[::1]`, with any port. */
export function isLoopbackHost(host: string): boolean {
  return HOST.test(host);
}

/** Whether an address or name is loopback: what listens there, or comes from there, is on this machine. */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.toLowerCase() === 'localhost' || IPV4.test(address);
}
