import { rmSync, statSync } from 'node:fs';
import { ExecGoError } from '@execgo/core';

/** What SQLite puts beside a database. */
const BESIDE = ['-wal', '-shm', '-journal'];

/** Where a database is made out of another store, until it is complete and gets its name. */
export function draftOf(file: string): string {
  return `${file}.filling`;
}

/** Whether a copy into this place was begun and not finished. */
export function hasDraft(file: string): boolean {
  return statSync(draftOf(file), { throwIfNoEntry: false }) !== undefined;
}

/** Removes what an earlier try has left. The log goes first: without its database it would look like damage. */
export function removeDraft(draft: string): void {
  for (const name of [...BESIDE, '']) rmSync(`${draft}${name}`, { force: true });
}

/** A start here would make an empty store, and the copy could not be finished. @throws ExecGoError `unavailable` */
export function refuseDraft(file: string): void {
  if (!hasDraft(file)) return;
  const draft = draftOf(file);
  throw new ExecGoError(
    'unavailable',
    `${file} is no store yet: a copy into it was begun and not finished. Run the same command again to finish it, or remove ${draft}`,
    { details: { file: draft } },
  );
}
