import type { WireTask } from '@execgo/client';
import { isJsonObject } from '@execgo/core';
import type { TaskState } from '../live-tree/graph-progress.js';
import { stateMark } from '../live-tree/state-look.js';
import { durationText } from '../terminal/duration-text.js';
import { plainLine, plainLines } from '../terminal/plain-text.js';
import { textTable } from '../terminal/text-table.js';
import { cutToWidth } from '../terminal/text-width.js';
import type { Look } from './answer.js';

/** Lines of a value that are shown. */
const MAX_LINES = 40;

/** Tasks as a table, newest first as they come. */
export function taskTable(tasks: readonly WireTask[], { columns }: Look): string {
  if (tasks.length === 0) return 'no tasks\n';
  const rows = tasks.map((task) => [
    task.id,
    stateOf(task),
    toolOf(task),
    tookText(task),
    task.created_at,
    task.error ?? '',
  ]);
  return textTable(['TASK', 'STATUS', 'TOOL', 'TOOK', 'CREATED', 'ERROR'], rows, columns);
}

/** One task with all that a person asks for. */
export function taskText(task: WireTask, { style, columns }: Look): string {
  const state = stateOf(task);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['tool', toolOf(task)],
    ['graph', task.graph_id],
    ['depends on', task.depends_on?.join(', ')],
    ['attempt', task.runtime?.attempt === undefined ? undefined : String(task.runtime.attempt)],
    ['created', task.created_at],
    ['updated', task.updated_at],
    ['took', tookText(task)],
    ['error', task.error],
  ];
  const shown = facts.filter(([, value]) => value !== undefined && value !== '');
  const lines = shown.map(([name, value]) => `  ${`${name}:`.padEnd(12)}${plainLine(value ?? '')}`);
  const head = `${stateMark(state, style)} ${style('bold', plainLine(task.id))}  ${state}`;
  const below = [...lines, ...valueLines('input', task.input ?? task.params), ...valueLines('result', task.result)];
  return `${[head, ...below.map((line) => cutToWidth(line, columns))].join('\n')}\n`;
}

function valueLines(name: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const lines = isJsonObject(value)
    ? Object.entries(value).flatMap(([key, item]) => fieldLines(key, item))
    : plainLines(JSON.stringify(value, null, 2));
  const kept = lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES), `… (--json shows all)`];
  return [`  ${name}:`, ...kept.map((line) => `    ${line}`)];
}

/** A text of several lines as it is, everything else as JSON. */
function fieldLines(key: string, value: unknown): readonly string[] {
  if (typeof value === 'string' && value.trimEnd().includes('\n')) {
    return [`${plainLine(key)}:`, ...plainLines(value).map((line) => `  ${line}`)];
  }
  return [`${plainLine(key)}: ${plainLine(typeof value === 'string' ? value : JSON.stringify(value))}`];
}

function stateOf({ status, run_status: runStatus }: WireTask): TaskState {
  if (status === 'failed' && runStatus === 'cancelled') return 'cancelled';
  return status === 'pending' && runStatus === 'retrying' ? 'retrying' : status;
}

function toolOf({ type, tool_name: tool }: WireTask): string {
  return tool === undefined ? type : `${type}.${tool}`;
}

function tookText({ runtime }: WireTask): string {
  if (runtime?.duration_ms !== undefined) return durationText(runtime.duration_ms);
  return runtime?.finished_at === undefined ? '' : durationText(0);
}
