import { realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { ExecGoError } from '@execgo/core';
import { existingRealPath } from '../files/existing-real-path.js';
import { KERNEL_FOLDERS, SYSTEM_FOLDERS } from './system-folders.js';

/** A folder or file that a sandbox shows at its own real path. */
export interface VisibleFolder {
  readonly path: string;
  readonly writable: boolean;
}

/**
 * What a command is shown beside the system, parents first. Within a writable folder nothing is mounted: its owner inside could
 * put a link where the mount point is to be made, and lead it elsewhere (CVE-2026-87766 of bubblewrap before 0.12). So what is
 * not to be written must not lie there, and is refused rather than masked.
 *
 * @param protectedPaths what no command may write, nor read by way of a folder that holds it; need not exist
 * @throws ExecGoError `sandbox_setup_failed` naming the folder and why it cannot be shown
 */
export function visibleFolders(
  writable: readonly string[],
  readable: readonly string[],
  protectedPaths: readonly string[],
): readonly VisibleFolder[] {
  const guarded = protectedPaths.map(existingRealPath);
  const open = outermost(writable.map(realPath));
  const closed = outermost(readable.map(realPath)).filter((path) => !open.includes(path));
  for (const path of open) checkWritable(path, guarded);
  for (const path of closed) checkReadable(path, guarded, open);
  return [...open.map((path) => ({ path, writable: true })), ...closed.map((path) => ({ path, writable: false }))].sort(
    (a, b) => a.path.length - b.path.length,
  );
}

/** Whether a path is another one or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function checkWritable(path: string, guarded: readonly string[]): void {
  if (SYSTEM_FOLDERS.some((system) => isWithin(system, path)) || isOfKernel(path)) {
    throw unusable(
      `${path} belongs to the system and cannot be given to a sandbox to write to: choose a folder of your own`,
    );
  }
  const hidden = guarded.find((secret) => isWithin(secret, path) || isWithin(path, secret));
  if (hidden !== undefined) {
    throw unusable(
      `${hidden} may not be touched by commands and lies in ${path}, which they write to: keep the two apart ` +
        '(for example, with a workspace in a folder of its own)',
    );
  }
}

function checkReadable(path: string, guarded: readonly string[], open: readonly string[]): void {
  if (path === sep || isOfKernel(path))
    throw unusable(`${path} belongs to the system and cannot be shown in a sandbox`);
  const hidden = guarded.find((secret) => secret !== path && isWithin(secret, path));
  if (hidden !== undefined) {
    throw unusable(
      `${hidden} may not be touched by commands and lies in ${path}, which they are to read: show less of it`,
    );
  }
  const around = open.find((folder) => isWithin(path, folder));
  if (around !== undefined) {
    throw unusable(`${path} is to be read-only and lies in ${around}, which commands write to: keep the two apart`);
  }
}

function isOfKernel(path: string): boolean {
  return KERNEL_FOLDERS.some((folder) => isWithin(path, folder));
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (cause) {
    throw new ExecGoError('sandbox_setup_failed', `${path}, which a command is to see in its sandbox, is not there`, {
      cause,
    });
  }
}

/** Without those that lie in another one. */
function outermost(paths: readonly string[]): readonly string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && isWithin(path, other)));
}

function unusable(problem: string): ExecGoError {
  return new ExecGoError('sandbox_setup_failed', problem);
}
