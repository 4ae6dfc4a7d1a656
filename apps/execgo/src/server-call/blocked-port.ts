/** What can be done where `isPortBlocked`. */
export const CHOOSE_ANOTHER_PORT =
  'fetch connects to no such port, since other protocols use it: have the server listen on another one';
/** In the words of Node's fetch, which has no code for it. */
const BAD_PORT = 'bad port';

/** Whether a request failed since its port is one that the Fetch Standard blocks, such as 1 or 6000. */
export function isPortBlocked(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at.message === BAD_PORT) return true;
  return false;
}
