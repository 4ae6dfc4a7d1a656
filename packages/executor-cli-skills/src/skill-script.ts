import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ExecGoError, isExecGoError } from '@execgo/core';
import type { ScriptFile } from './script-launch.js';
import { SCRIPTS_FOLDER, type Skill } from './skill.js';
import { someOf } from './skill-library.js';
import { namesOf, type RealFile, realFileOf } from './skill-path.js';

/** As much of a line `#!` as the kernel reads, and more. */
const HEAD_BYTES = 512;
// Windows has neither.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NON_BLOCK = constants.O_NONBLOCK ?? 0;

/** A script that may run, as it was when it was looked at. */
export interface OpenedScript extends ScriptFile {
  /** @throws ExecGoError `denied` when another file stands in its place by now */
  assertUnchanged(): void;
}

/**
 * Which script of a skill a task means: the one it names, by its path inside `scripts/` (or from the skill, as instructions
 * write it), or the only one there is. Looks at the name alone.
 *
 * @throws ExecGoError `invalid_input`, `denied`, `not_found`
 */
export function scriptName(skill: Skill, given: string | undefined, path: string): string {
  const { name, scripts } = skill.details;
  if (scripts.length === 0 && given === undefined) {
    throw new ExecGoError(
      'not_found',
      `the skill ${JSON.stringify(name)} has no scripts to run; it is instructions alone`,
    );
  }
  if (given !== undefined) return namesOf(given, 'script').join('/');
  const [only] = scripts;
  if (only !== undefined && scripts.length === 1) return only;
  throw new ExecGoError(
    'invalid_input',
    `${path}.script: is required: the skill ${JSON.stringify(name)} has ${someOf(scripts)}`,
    {
      details: { field: `${path}.script` },
    },
  );
}

/**
 * Finds a script on disk, at this moment: a regular file whose real path lies inside the `scripts` folder of its skill.
 *
 * @throws ExecGoError `not_found` naming what there is, `denied`
 */
export async function openScript(skill: Skill, name: string): Promise<OpenedScript> {
  const found = locate(skill, name);
  // Every folder on the way is opened from the one before, and none through a link: what is read is inside.
  const folder = await skill.skillsFolder.folder(dirname(found.place));
  let fd: number | undefined;
  try {
    fd = openSync(`${folder.handle}/${basename(found.real)}`, constants.O_RDONLY | NO_FOLLOW | NON_BLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw notRegular(name);
    const head = Buffer.alloc(HEAD_BYTES);
    const bytesRead = readSync(fd, head, 0, HEAD_BYTES, 0);
    return {
      name,
      real: found.real,
      mode: stats.mode,
      head: head.subarray(0, bytesRead),
      assertUnchanged: () => assertSame(name, found.real, stats),
    };
  } catch (error) {
    throw openError(error, name);
  } finally {
    if (fd !== undefined) closeSync(fd);
    folder.close();
  }
}

/** Instructions name scripts from the skill, `scripts/run.py`; that serves where there is no `scripts/scripts/run.py`. */
function locate(skill: Skill, name: string): RealFile {
  try {
    return realFileOf(skill, SCRIPTS_FOLDER, name, 'script');
  } catch (error) {
    if (!isExecGoError(error, 'not_found')) throw error;
    const prefix = `${SCRIPTS_FOLDER}/`;
    if (name.startsWith(prefix)) return locate(skill, name.slice(prefix.length));
    throw new ExecGoError(
      'not_found',
      `the skill ${JSON.stringify(skill.details.name)} has no script ${JSON.stringify(name)} ` +
        `(available: ${someOf(skill.details.scripts)})`,
      { cause: error },
    );
  }
}

function assertSame(name: string, real: string, { dev, ino }: { readonly dev: number; readonly ino: number }): void {
  const now = lstatSync(real, { throwIfNoEntry: false });
  const isSame = now?.isFile() === true && now.dev === dev && now.ino === ino;
  if (!isSame || realpathSync.native(real) !== real) {
    throw new ExecGoError(
      'denied',
      `script ${JSON.stringify(name)} was exchanged while it was about to run; run it again`,
    );
  }
}

function openError(error: unknown, name: string): unknown {
  if (isExecGoError(error)) return error;
  const shown = `script ${JSON.stringify(name)}`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ELOOP':
      return new ExecGoError('denied', `${shown} was exchanged for a symbolic link while it was about to run`, {
        cause: error,
      });
    case 'EACCES':
      return new ExecGoError('denied', `${shown} cannot be read by the user that ExecGo runs as`, { cause: error });
    case 'ENOENT':
      return new ExecGoError('not_found', `${shown}: there is no such file`, { cause: error });
    default:
      return error;
  }
}

function notRegular(name: string): ExecGoError {
  return new ExecGoError('denied', `script ${JSON.stringify(name)} is no regular file`);
}
