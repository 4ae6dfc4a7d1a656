import { durationText } from '../terminal/duration-text.js';
import { plainLine } from '../terminal/plain-text.js';
import type { Style } from '../terminal/style.js';
import type { TerminalSize } from '../terminal/terminal-size.js';
import { cutToWidth, textWidth } from '../terminal/text-width.js';
import { type GraphProgress, hasEnded, type WatchedTask } from './graph-progress.js';
import { countsText, stateMark } from './state-look.js';
import type { TreePlace } from './tree-order.js';

/** The line that sums up, the one that tells what is not shown, and the one on which the cursor rests. */
const OTHER_ROWS = 3;

export interface DrawingOptions {
  readonly size: TerminalSize;
  readonly style: Style;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * The tree as lines that fit the terminal: all tasks where there is room, else those that run, then those that failed, then
 * what ended last, then what waits, each at its place in the tree; and a line that sums up.
 */
export function treeLines(
  progress: GraphProgress,
  order: readonly TreePlace[],
  { size, style, now }: DrawingOptions,
): readonly string[] {
  const room = Math.max(1, size.rows - OTHER_ROWS);
  const chosen = order.length <= room ? undefined : mostTelling(progress, room);
  const lines: string[] = [];
  for (const { id, guide } of order) {
    const task = progress.get(id);
    if (task === undefined || chosen?.has(id) === false) continue;
    lines.push(taskLine(task, guide, { size, style, now }));
  }
  const hidden = order.length - lines.length;
  if (hidden > 0) lines.push(style('dim', cutToWidth(`… and ${hidden} more`, size.columns - 1)));
  const elapsed = style('dim', `in ${durationText(now - progress.since)}`);
  lines.push(`${countsText((state) => progress.count(state), style)} ${elapsed}`);
  return lines;
}

function mostTelling(progress: GraphProgress, room: number): ReadonlySet<string> {
  const chosen = new Set<string>();
  const take = (ids: Iterable<string>): void => {
    if (chosen.size >= room) return;
    for (const id of ids) {
      chosen.add(id);
      if (chosen.size >= room) return;
    }
  };
  take(idsOf(progress, ({ state }) => state === 'running'));
  take(idsOf(progress, ({ state }) => state === 'failed' || state === 'retrying'));
  take(progress.newestEnded());
  take(idsOf(progress, ({ state }) => state === 'pending'));
  return chosen;
}

function* idsOf(progress: GraphProgress, isWanted: (task: WatchedTask) => boolean): Generator<string> {
  for (const task of progress.all) if (isWanted(task)) yield task.id;
}

function taskLine(
  task: WatchedTask,
  guide: string,
  { size, style, now }: Pick<DrawingOptions, 'size' | 'style' | 'now'>,
): string {
  const facts = [task.tool];
  if (task.attempt > 1) facts.push(`attempt ${task.attempt}`);
  if (task.startedAt !== undefined) facts.push(durationText((task.endedAt ?? now) - task.startedAt));
  // The mark is one column, and the last column stays free: a terminal may wrap once it is written.
  let room = size.columns - 3 - textWidth(guide);
  const id = cutToWidth(plainLine(task.id), Math.max(1, room));
  room -= textWidth(id) + 2;
  const about = cutToWidth(facts.join('  '), room);
  room -= textWidth(about) + 2;
  const note = room > 0 ? cutToWidth(task.note, room) : '';
  const shownId = task.state === 'running' ? style('bold', id) : id;
  const shownNote = style(hasEnded(task.state) ? 'red' : 'dim', note);
  const parts = [shownId, style('dim', about), shownNote].filter((part) => part !== '');
  return `${style('dim', guide)}${stateMark(task.state, style)} ${parts.join('  ')}`;
}
