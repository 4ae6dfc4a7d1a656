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
  return decoded(url.slice(url.lastIndexOf('/', end - 1) + 1, end));
}

/**
 * What the groups of a pattern match in a path, each percent-decoded exactly once.
 *
 * @throws ExecGoError `invalid_input` as `pathId`, and for a path that the pattern does not match
 */
export function pathGroups(url: string, pattern: RegExp): readonly string[] {
  const [, ...groups] = pattern.exec(url.slice(0, endOfPath(url))) ?? [];
  if (groups.length === 0) throw new ExecGoError('invalid_input', 'the path holds an encoded character too many');
  return groups.map(decoded);
}

function decoded(segment: string): string {
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
