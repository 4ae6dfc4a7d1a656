import { ExecGoError, errorMessage } from '@execgo/core';

/** Codes of a folder or file that is not there, or not any more. */
const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR']);
/** Codes of a folder that is still in use. */
const IN_USE: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'EBUSY', 'EPERM', ...ABSENT]);

export function isAbsent(error: unknown): boolean {
  return ABSENT.has((error as NodeJS.ErrnoException).code);
}

export function isInUse(error: unknown): boolean {
  return IN_USE.has((error as NodeJS.ErrnoException).code);
}

export function cannot(what: string, cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `${what}: ${errorMessage(cause)}`, { cause });
}

export function notOpen(): ExecGoError {
  return new ExecGoError('unavailable', 'the output store is not open');
}
