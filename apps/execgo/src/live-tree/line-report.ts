import type { LiveReport, TaskEvent } from '@execgo/core';
import { durationText } from '../terminal/duration-text.js';
import { plainLine } from '../terminal/plain-text.js';
import { plain } from '../terminal/style.js';
import { GraphProgress, hasEnded, type WatchedTask } from './graph-progress.js';
import type { GraphReport } from './graph-report.js';
import { countsText } from './state-look.js';

/** A line for each thing that happens to a task, for a pipe or a log. */
export class LineReport implements GraphReport {
  private readonly progress = new GraphProgress();

  constructor(private readonly write: (text: string) => void) {}

  tell(event: TaskEvent | LiveReport): void {
    const task = this.progress.apply(event);
    if (task !== undefined && task.state !== 'pending') this.write(`${lineOf(task)}\n`);
  }

  note(text: string): void {
    this.write(`${plainLine(text)}\n`);
  }

  end(): void {
    if (this.progress.size === 0) return;
    const counts = countsText((state) => this.progress.count(state), plain);
    this.write(`${counts} in ${durationText(Date.now() - this.progress.since)}\n`);
  }
}

function lineOf({ id, tool, state, attempt, startedAt, endedAt, note }: WatchedTask): string {
  const parts = [`${plainLine(id)}: ${state}`];
  if (state === 'running') parts.push(tool);
  if (attempt > 1) parts.push(`attempt ${attempt}`);
  if (hasEnded(state) && startedAt !== undefined && endedAt !== undefined)
    parts.push(durationText(endedAt - startedAt));
  if (note !== '') parts.push(note);
  return parts.join('  ');
}
