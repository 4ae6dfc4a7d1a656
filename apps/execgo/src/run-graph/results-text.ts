import { isJsonObject, type Task } from '@execgo/core';
import { hasEnded, type TaskState } from '../live-tree/graph-progress.js';
import { countsText, stateMark } from '../live-tree/state-look.js';
import { durationText } from '../terminal/duration-text.js';
import { plainLine, plainLines } from '../terminal/plain-text.js';
import type { Style } from '../terminal/style.js';
import { cutToWidth } from '../terminal/text-width.js';

/** Lines of output that are shown of one task. */
const MAX_LINES = 20;
const INDENT = '    ';

export interface ResultsOptions {
  readonly style: Style;
  readonly columns: number;
  /** How long all of it took, in milliseconds. */
  readonly tookMs: number;
}

/** What a graph came to, for people: each task with what it gave, then how many ended how. */
export function resultsText(tasks: readonly Task[], { style, columns, tookMs }: ResultsOptions): string {
  const counts = new Map<TaskState, number>();
  const lines: string[] = [];
  for (const task of tasks) {
    const state = stateOf(task);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    lines.push(headOf(task, state, style, columns));
    for (const line of detailsOf(task)) lines.push(INDENT + style('dim', cutToWidth(line, columns - INDENT.length)));
  }
  const summary = countsText((state) => counts.get(state) ?? 0, style);
  return `${[...lines, `${summary} in ${durationText(tookMs)}`].join('\n')}\n`;
}

/** As people see it: a cancelled task has failed on the wire. */
function stateOf({ status, runtime }: Task): TaskState {
  if (status === 'failed' && runtime?.status === 'cancelled') return 'cancelled';
  return status === 'pending' && runtime?.status === 'retrying' ? 'retrying' : status;
}

function headOf(task: Task, state: TaskState, style: Style, columns: number): string {
  const { started_at: startedAt, finished_at: finishedAt, attempt = 0 } = task.runtime ?? {};
  const facts = [];
  if (attempt > 1) facts.push(`${attempt} attempts`);
  if (startedAt !== undefined && finishedAt !== undefined) facts.push(durationText(finishedAt - startedAt));
  const error = hasEnded(state) && task.error !== undefined ? plainLine(task.error) : '';
  const text = [plainLine(task.id), facts.join(', '), error].filter((part) => part !== '').join('  ');
  return `${stateMark(state, style)} ${cutToWidth(text, columns - 2)}`;
}

/** What a command wrote, as it wrote it; other results as JSON. */
function detailsOf({ runtime }: Task): readonly string[] {
  const result = runtime?.output;
  if (result === undefined || result === null) return [];
  if (!isJsonObject(result) || typeof result.stdout !== 'string') return bounded([plainLine(JSON.stringify(result))]);
  const written = plainLines(result.stdout);
  const complaints = typeof result.stderr === 'string' ? plainLines(result.stderr) : [];
  return bounded([...written, ...complaints]);
}

function bounded(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), `… and ${lines.length - MAX_LINES + 1} more lines`];
}
