import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { ExecGoError } from '@execgo/core';

/** Below the ports that systems give to whoever asks for any one: those of Linux begin at 32768, of IANA at 49152. */
const FIRST = 20_000;
const COUNT = 10_000;
const MAX_TRIES = 100;

let next = randomInt(COUNT);

/**
 * A port of the loopback that nobody listens on, for a server that must be told its port. Nobody is given it who asks for any
 * port, and no two calls of this process come to the same one soon.
 *
 * @throws ExecGoError `unavailable` where a hundred in a row are in use
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    next = (next + 1) % COUNT;
    const port = FIRST + next;
    if (await isFree(port)) return port;
  }
  throw new ExecGoError('unavailable', `no free port found among ${MAX_TRIES} from ${FIRST + next} down`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false; // In use, or not for us: either way another one will do.
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
