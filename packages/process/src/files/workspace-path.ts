import { isAbsolute, normalize, sep } from 'node:path';
import { ExecGoError } from '@execgo/core';

/** Longest path and longest name the kernel takes (PATH_MAX, NAME_MAX), in bytes. */
const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;
/** Holds hooks that git runs, and often credentials: neither written nor read, at any depth, in any case. */
const NEVER = '.git';

/**
 * The names of a path below a root, without `.` and `..`: empty for the root itself. Relative paths count from the root;
 * absolute ones must lie in it. Looks at nothing but the text.
 *
 * @param roots the root, by each of its names
 * @throws ExecGoError `denied` for a path that leaves the root, `invalid_input` for one that no file can have
 */
export function namesBelow(roots: readonly string[], path: string): readonly string[] {
  checkPath(path);
  const normal = normalize(path);
  const inside = isAbsolute(normal) ? withoutRoot(roots, normal) : normal;
  const names = inside?.split(sep).filter((name) => name !== '' && name !== '.');
  if (names === undefined || names[0] === '..') {
    throw new ExecGoError('denied', `path ${JSON.stringify(path)} is outside of the workspace`);
  }
  for (const name of names) {
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
      throw new ExecGoError('invalid_input', `path: a name in it is longer than ${MAX_NAME_BYTES} bytes`);
    }
    if (name.toLowerCase() === NEVER) throw protectedPath(path);
  }
  return names;
}

/** @throws ExecGoError `invalid_input` */
export function checkPath(path: string): void {
  if (path === '') throw new ExecGoError('invalid_input', 'path: must not be empty');
  if (path.includes('\0')) throw new ExecGoError('invalid_input', 'path: must not hold a NUL character');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new ExecGoError('invalid_input', `path: must not be longer than ${MAX_PATH_BYTES} bytes`);
  }
}

export function protectedPath(path: string): ExecGoError {
  return new ExecGoError('denied', `path ${JSON.stringify(path)} is protected: tools may not touch it`);
}

/** Undefined when the path is not in any of them. */
function withoutRoot(roots: readonly string[], path: string): string | undefined {
  for (const root of roots) {
    if (path === root) return '';
    const prefix = root.endsWith(sep) ? root : root + sep;
    if (path.startsWith(prefix)) return path.slice(prefix.length);
  }
  return undefined;
}
