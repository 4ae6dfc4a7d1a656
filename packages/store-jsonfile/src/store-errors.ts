import { ExecGoError, errorMessage } from '@execgo/core';

/** A write or a flush failed: what the disk has now is unknown until the journal is read again. */
export function readOnly(cause: unknown): ExecGoError {
  return new ExecGoError('unavailable', `the store is read-only: its disk failed: ${errorMessage(cause)}`, {
    cause,
  });
}

/** An append that cannot be; nothing of it was written. */
export function refused(why: string): ExecGoError {
  return new ExecGoError('unavailable', `the store refused an append and is read-only: ${why}`);
}

export function notOpen(): ExecGoError {
  return new ExecGoError('unavailable', 'the store is not open');
}

/** The `code` of a failed system call. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Whether a file or a folder was not there. */
export function isMissing(error: unknown): boolean {
  return systemCode(error) === 'ENOENT';
}
