import { join } from 'node:path';
import {
  type AssignedSeqs,
  errorMessage,
  fromWire,
  isJsonObject,
  nextTurn,
  quote,
  type TableCut,
  type Task,
  toStored,
} from '@execgo/core';
import { lineBlocks } from './checked-file.js';
import type { FileReader } from './file-system.js';
import { damaged } from './store-damage.js';

export const STATE_FILE = 'state.json';

/** Tasks that are encoded in one turn of the event loop. */
const SLICE_TASKS = 200;
/** And text, in UTF-16 units. */
const SLICE_UNITS = 256 * 1024;
const SEPARATOR = ',\n';
/** The last line of the file and the end of the one before: no task stands on a line like that. */
const LAST_LINE = '\n}\n';

/** The tasks of a cut, in batches that are encoded in one turn each. */
export function* cutBatches(cut: TableCut): IterableIterator<readonly Task[]> {
  for (let tasks = cut.take(SLICE_TASKS); tasks.length > 0; tasks = cut.take(SLICE_TASKS)) yield tasks;
}

/** The text of a state file: one JSON object, task id → task, with a line for each task. */
export async function* stateTexts(
  batches: Iterable<readonly Task[]> | AsyncIterable<readonly Task[]>,
): AsyncGenerator<string> {
  let text = '{\n';
  let separator = '';
  for await (const tasks of batches) {
    for (const task of tasks) {
      text += `${separator}${quote(task.id)}:${JSON.stringify(toStored(task))}`;
      separator = SEPARATOR;
      if (text.length < SLICE_UNITS) continue;
      yield text;
      text = '';
      await nextTurn();
    }
    await nextTurn();
  }
  yield `${text}\n}\n`;
}

/**
 * The tasks of a state file that we wrote, by `submitted_seq`, in batches. It is read line by line: a state may be larger
 * than the longest string there can be.
 *
 * @throws ExecGoError `internal` where a task cannot be used
 */
export async function* readState(fileSystem: FileReader, directory: string): AsyncGenerator<readonly Task[]> {
  const path = join(directory, STATE_FILE);
  const file = await fileSystem.open(path, 'read');
  try {
    for await (const block of lineBlocks(file)) yield tasksOf(path, block.toString());
  } finally {
    await file.close();
  }
}

/** The texts that a task is told by as ours: no other program knows these fields. */
export function isOurs(task: unknown): boolean {
  return isJsonObject(task) && (Object.hasOwn(task, 'submitted_seq') || Object.hasOwn(task, 'last_seq'));
}

/**
 * The members of a whole state file, whoever wrote it.
 *
 * @throws ExecGoError `internal` where it is no JSON object
 */
export function parseMembers(path: string, text: string): readonly [string, unknown][] {
  return Object.entries(parseObject(path, text));
}

/** A task of a state file, with its seqs where it has none of its own. */
export function readTask(path: string, id: string, value: unknown, assigned?: AssignedSeqs): Task {
  try {
    return fromWire(value, assigned);
  } catch (error) {
    throw damaged(path, `task ${JSON.stringify(id)}: ${errorMessage(error)}`, undefined, error);
  }
}

function tasksOf(path: string, block: string): readonly Task[] {
  const from = block.startsWith('{\n') ? 2 : 0;
  const until = block.endsWith(LAST_LINE) || block === '}\n' ? block.length - 2 : block.length;
  const members = block.slice(from, until).trimEnd().replace(/,$/, '');
  const tasks = parseMembers(path, `{${members}}`).map(([id, value]) => readTask(path, id, value));
  // JSON.parse moves keys that look like array indexes to the front.
  return tasks.sort((a, b) => a.submitted_seq - b.submitted_seq);
}

function parseObject(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    throw damaged(path, `not JSON: ${errorMessage(error)}`, undefined, error);
  }
  throw damaged(path, 'not a JSON object');
}
