import { ExecGoError } from '@execgo/core';

/** What the store refuses to start on: it names the place, and what a person can do. */
export function damaged(path: string, what: string, offset?: number, cause?: unknown): ExecGoError {
  const place = offset === undefined ? path : `${path} at byte ${offset}`;
  return new ExecGoError(
    'internal',
    `the store is damaged: ${place}: ${what}. Nothing was changed. Restore its directory from a backup, or move it away to begin with an empty one`,
    {
      details: { file: path, what, ...(offset !== undefined && { offset }) },
      ...(cause !== undefined && { cause }),
    },
  );
}
