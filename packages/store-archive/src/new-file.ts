import { type FileHandle, link, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ExecGoError } from '@execgo/core';

/** Systems and file systems without hard links answer with one of these. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/**
 * Makes a file that is there whole or not at all, open to its owner alone: written beside under the name `<path>.partial`,
 * flushed, and given its name when it is complete. What an interrupted try has left is begun anew. A file that has the name is
 * never replaced.
 *
 * @throws ExecGoError `conflict` where the name is taken, also when that happens meanwhile
 */
export async function writeNewFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  if (await isThere(path)) throw taken(path);
  const partial = `${path}.partial`;
  await unlink(partial).catch(ignore('ENOENT'));
  const file = await open(partial, 'wx', 0o600);
  try {
    await write(file);
    await file.sync();
    await publish(file, partial, path);
  } catch (error) {
    if (await isStillNamed(file)) await unlink(partial).catch(ignore('ENOENT'));
    throw error;
  } finally {
    await file.close();
  }
  await syncDirectory(dirname(path));
}

async function publish(file: FileHandle, partial: string, path: string): Promise<void> {
  // Another process that writes the same file has begun anew, and taken this one's name from it.
  if (!(await isStillNamed(file))) throw takenOver(path);
  try {
    await link(partial, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw taken(path);
    if (!NO_LINKS.has(code)) throw error;
    if (await isThere(path)) throw taken(path);
    await rename(partial, path);
    return;
  }
  const [ours, named] = [await file.stat({ bigint: true }), await stat(path, { bigint: true })];
  if (ours.ino !== named.ino) {
    await unlink(path);
    throw takenOver(path);
  }
  // Whoever looked after it meanwhile may have taken it for left over.
  await unlink(partial).catch(ignore('ENOENT'));
}

async function isStillNamed(file: FileHandle): Promise<boolean> {
  return (await file.stat()).nlink > 0;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignore('ENOENT'))) !== undefined;
}

/** Makes the name durable. Windows has no such call and keeps directories by its own journal. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}

function taken(path: string): ExecGoError {
  return new ExecGoError('conflict', `${path} is there already, and is not overwritten: name another file`, {
    details: { file: path },
  });
}

function takenOver(path: string): ExecGoError {
  return new ExecGoError('conflict', `another process is writing ${path} too; this one has given up`, {
    details: { file: path },
  });
}
