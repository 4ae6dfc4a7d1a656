import { mkdir, rm, rmdir } from 'node:fs/promises';
import { isAbsent, isInUse } from './file-errors.js';
import { foldersAbove, taskFolder } from './layout.js';

/** A folder above may be taken away as empty while another task needs it. */
const MKDIR_TRIES = 5;

/** Makes the folder of a task, empty. */
export async function freshFolder(directory: string, submittedSeq: number): Promise<void> {
  const folder = taskFolder(directory, submittedSeq);
  await rm(folder, { recursive: true, force: true });
  for (let tried = 1; ; tried += 1) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return;
    } catch (error) {
      if (!isAbsent(error) || tried === MKDIR_TRIES) throw error;
    }
  }
}

/** Removes the folder of a task, and those above it that are empty then. */
export async function removeFolder(directory: string, submittedSeq: number): Promise<void> {
  const folder = taskFolder(directory, submittedSeq);
  try {
    // Not `force`: where there is nothing, there is nothing more to do.
    await rm(folder, { recursive: true });
  } catch (error) {
    if (isAbsent(error)) return;
    throw error;
  }
  try {
    for (const above of foldersAbove(folder)) await rmdir(above);
  } catch (error) {
    if (!isInUse(error)) throw error;
  }
}
