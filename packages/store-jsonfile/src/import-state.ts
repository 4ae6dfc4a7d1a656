import { join } from 'node:path';
import type { Task } from '@execgo/core';
import { readText } from './checked-file.js';
import type { FileReader } from './file-system.js';
import { isOurs, parseMembers, readTask, STATE_FILE } from './state-file.js';
import { damaged } from './store-damage.js';
import type { Survey } from './survey.js';

/** Tasks of a state file that the journal knows nothing of: one of the Go original, or our own brought from elsewhere. */
export interface ImportedState {
  /** By `submitted_seq`. */
  readonly tasks: readonly Task[];
  readonly lastSeq: number;
}

/**
 * Reads a state file that no line of the journal tells of. Tasks without seqs get those after the newest of the journal, in
 * the order in which they were created. They have no events, so history begins after them.
 *
 * @throws ExecGoError `internal` where it cannot be read, where the journal holds events that it may lack, and where it is
 * ours but not what was written
 */
export async function importState(fileSystem: FileReader, directory: string, found: Survey): Promise<ImportedState> {
  const path = join(directory, STATE_FILE);
  const { scan, storeId } = found;
  const members = parseMembers(path, await readText(fileSystem, directory, STATE_FILE));
  if (members.some(([, task]) => isOurs(task))) {
    if (storeId !== undefined)
      throw damaged(path, 'it is not what was written: no line of the journal has its checksum');
    return ownState(path, members);
  }
  const known = scan.marks.at(-1)?.mark.seq ?? 0;
  // A segment without events, as a crash of an earlier import leaves it, holds nothing that the file could lack.
  if (scan.segments.some(({ firstSeq, lastSeq }) => lastSeq >= firstSeq && lastSeq > known)) {
    throw damaged(
      path,
      `it was replaced by another program, and the journal holds events up to seq ${scan.lastSeq} that came after our last snapshot`,
    );
  }
  const tasks = members
    .map(([id, value]) => readTask(path, id, value, { submitted_seq: 0, last_seq: 0 }))
    .sort((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
  const values = new Map(members);
  return {
    tasks: tasks.map((id, at) => {
      const seq = scan.lastSeq + 1 + at;
      return readTask(path, id, values.get(id), { submitted_seq: seq, last_seq: seq });
    }),
    lastSeq: scan.lastSeq + tasks.length,
  };
}

function ownState(path: string, members: readonly [string, unknown][]): ImportedState {
  const tasks = members
    .map(([id, value]) => readTask(path, id, value))
    .sort((a, b) => a.submitted_seq - b.submitted_seq);
  return { tasks, lastSeq: tasks.reduce((last, task) => Math.max(last, task.last_seq), 0) };
}
