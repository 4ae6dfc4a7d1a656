import { ExecGoError } from '@execgo/core';

/** Why an archive is refused: it names the place, and what a person can do. */
export function damaged(file: string, what: string, offset: number, cause?: unknown): ExecGoError {
  return new ExecGoError(
    'internal',
    `the archive is damaged: ${file} at byte ${offset}: ${what}. Nothing of it was used; take another copy of it`,
    { details: { file, what, offset }, ...(cause !== undefined && { cause }) },
  );
}
