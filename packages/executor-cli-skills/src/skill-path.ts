import { realpathSync } from 'node:fs';
import { isAbsolute, join, posix, relative, sep } from 'node:path';
import { ExecGoError, errorMessage } from '@execgo/core';
import { isHidden, type Skill } from './skill.js';

/** Longest path in a skill, in bytes. */
const MAX_PATH_BYTES = 1024;

/** A file of a skill, by names that hold no link. */
export interface RealFile {
  /** The path that was asked for, without what means nothing in it. */
  readonly path: string;
  /** Absolute. */
  readonly real: string;
  /** Relative to the folder of skills. */
  readonly place: string;
}

/**
 * A path as its names, without `.`; looks at nothing but the text.
 *
 * @param what names it in messages: `script`, `path`
 * @throws ExecGoError `denied` for a path that leads away or to hidden files, `invalid_input` for one that no file can have
 */
export function namesOf(path: string, what: string): readonly string[] {
  const shown = `${what} ${JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path)}`;
  if (path.includes('\0')) throw new ExecGoError('invalid_input', `${what}: must not hold a NUL character`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new ExecGoError('invalid_input', `${what}: must not be longer than ${MAX_PATH_BYTES} bytes`);
  }
  if (isAbsolute(path) || path.startsWith('/'))
    throw new ExecGoError('denied', `${shown}: must be relative, not absolute`);
  const names = (sep === '/' ? path : path.replaceAll(sep, '/')).split('/');
  if (names.includes('..')) throw new ExecGoError('denied', `${shown}: must not hold ".."`);
  const kept = names.filter((name) => name !== '' && name !== '.');
  if (kept.length === 0) throw new ExecGoError('invalid_input', `${what}: must name a file`);
  if (kept.some(isHidden)) throw new ExecGoError('denied', `${shown}: hidden files are no part of a skill`);
  return kept;
}

/**
 * Follows the links of a path, which may lead anywhere inside `base` and nowhere else.
 *
 * @param base folder in the skill that it must stay in; empty for the skill itself
 * @throws as `namesOf`, and `not_found`
 */
export function realFileOf(skill: Pick<Skill, 'folder' | 'place'>, base: string, path: string, what: string): RealFile {
  const names = namesOf(path, what);
  const bound = join(skill.folder, base);
  const shown = `${what} ${JSON.stringify(names.join('/'))}`;
  const real = resolveLinks(join(bound, ...names), shown);
  if (!isBelow(bound, real)) {
    throw new ExecGoError(
      'denied',
      `${shown}: leads out of ${base === '' ? 'the skill' : `its ${base} folder`} by a symbolic link`,
    );
  }
  return { path: names.join('/'), real, place: posix.join(skill.place, toPosix(relative(skill.folder, real))) };
}

/** Whether a real path lies below another. */
export function isBelow(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** With `/` between its names, as tools and the wire have it. */
export function toPosix(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}

function resolveLinks(path: string, shown: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
      case 'ENOTDIR':
      case 'ENAMETOOLONG':
        throw new ExecGoError('not_found', `${shown}: there is no such file`, { cause: error });
      case 'EACCES':
        throw new ExecGoError('denied', `${shown}: leads to a folder that ExecGo may not look into`, { cause: error });
      case 'ELOOP':
        throw new ExecGoError('denied', `${shown}: its symbolic links lead in a circle`, { cause: error });
      default:
        throw new ExecGoError('external_failure', `${shown}: ${errorMessage(error)}`, { cause: error });
    }
  }
}
