import { ExecGoError } from '@execgo/core';

/**
 * The id in a path, percent-decoded exactly once, so that any id can be named (`a%2Fb` is `a/b`). Taken from the URL as it was
 * sent: the router matches on a decoded path, which no longer tells `%2541` from `%41`.
 *
 * @param following how many segments come after the id
 * @throws ExecGoError `invalid_input` for what is not percent-encoded UTF-8
 */
export function pathId(url: string, following: number): string {
  let end = endOfPath(url);
  for (let skipped = 0; skipped < following; skipped += 1) end = url.lastIndexOf('/', end - 1);
  const segment = url.slice(url.lastIndexOf('/', end - 1) + 1, end);
  try {
    return segment.includes('%') ? decodeURIComponent(segment) : segment;
  } catch (cause) {
    throw new ExecGoError('invalid_input', `the id in the path is not percent-encoded UTF-8: ${segment}`, { cause });
  }
}

function endOfPath(url: string): number {
  const end = url.search(/[?#]/);
  return end === -1 ? url.length : end;
}
