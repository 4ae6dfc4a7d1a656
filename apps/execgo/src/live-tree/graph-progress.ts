import { TextDecoder } from 'node:util';
import type { LiveReport, TaskEvent, TaskOutput, TaskSpec } from '@execgo/core';
import { plainLine, plainLines } from '../terminal/plain-text.js';

/** What a person sees of a task: its status, with the two kinds of waiting and of failing told apart. */
export type TaskState = 'pending' | 'running' | 'retrying' | 'success' | 'failed' | 'cancelled' | 'skipped';

/** A task of a graph that is being watched. */
export interface WatchedTask {
  readonly id: string;
  /** `os.shell`, or the type alone. */
  readonly tool: string;
  readonly dependsOn: readonly string[];
  readonly state: TaskState;
  readonly attempt: number;
  /** Of the newest attempt: epoch milliseconds. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Its error, its newest progress, or the last line that it wrote. Safe on a terminal. */
  readonly note: string;
}

/** How much of unfinished output is kept, in characters: enough for a line. */
const MAX_TAIL = 1000;
const ENDED: ReadonlySet<TaskState> = new Set<TaskState>(['success', 'failed', 'cancelled', 'skipped']);

export function hasEnded(state: TaskState): boolean {
  return ENDED.has(state);
}

/** How far a graph has come, by its events: a fold for the eye. What is true is in the store. */
export class GraphProgress {
  private readonly tasks = new Map<string, WatchedTask>();
  private readonly states = new Map<TaskState, number>();
  private readonly tails = new Map<string, string>();
  private readonly decoders = new Map<string, Map<string, TextDecoder>>();
  private readonly ended: string[] = [];
  private submittedAt = 0;

  /** In order of submission. */
  get all(): Iterable<WatchedTask> {
    return this.tasks.values();
  }

  /** When the graph was submitted: epoch milliseconds. */
  get since(): number {
    return this.submittedAt;
  }

  get size(): number {
    return this.tasks.size;
  }

  get(id: string): WatchedTask | undefined {
    return this.tasks.get(id);
  }

  count(state: TaskState): number {
    return this.states.get(state) ?? 0;
  }

  /** Ids of tasks that have ended, the newest first. */
  *newestEnded(): Generator<string> {
    for (let at = this.ended.length - 1; at >= 0; at -= 1) yield this.ended[at] as string;
  }

  /** Takes an event or a report into account; the task as it is then, where its state is another one. */
  apply(event: TaskEvent | LiveReport): WatchedTask | undefined {
    if (event.type === 'graph_submitted' || event.type === 'reports_dropped') return undefined;
    if (event.type === 'task_submitted') {
      if (this.size === 0) this.submittedAt = event.timestamp;
      return this.begin(event.spec);
    }
    const task = this.tasks.get(event.task_id);
    if (task === undefined) return undefined;
    switch (event.type) {
      case 'task_progressed':
        if (event.message !== undefined) this.set({ ...task, note: plainLine(event.message) });
        return undefined;
      case 'task_output':
        this.set({ ...task, note: this.lastLine(task, event) });
        return undefined;
      case 'task_started': {
        this.forgetOutput(task.id);
        const { startedAt: _, endedAt: __, ...rest } = task;
        return this.set({ ...rest, state: 'running', attempt: event.attempt, startedAt: event.timestamp, note: '' });
      }
      case 'task_retried':
        return this.set({ ...task, state: 'retrying', endedAt: event.timestamp, note: plainLine(event.error.message) });
      case 'task_reset':
        return this.set({ ...task, state: 'pending', note: '' });
      case 'task_succeeded':
        return this.end({ ...task, state: 'success', endedAt: event.timestamp, note: '' });
      case 'task_failed':
        return this.end({ ...task, state: 'failed', endedAt: event.timestamp, note: plainLine(event.error.message) });
      case 'task_cancelled':
        return this.end({
          ...task,
          state: 'cancelled',
          endedAt: event.timestamp,
          note: plainLine(event.error.message),
        });
      case 'task_skipped': {
        const note = plainLine(`dependency ${event.dependency} ${event.because}`);
        return this.end({ ...task, state: 'skipped', note });
      }
      default:
        // Accepted by another service, or deleted: it looks as before.
        return undefined;
    }
  }

  private begin(spec: TaskSpec): WatchedTask {
    const tool = spec.tool_name === undefined ? spec.type : `${spec.type}.${spec.tool_name}`;
    return this.set({
      id: spec.id,
      tool: plainLine(tool),
      dependsOn: spec.depends_on,
      state: 'pending',
      attempt: 0,
      note: '',
    });
  }

  private end(task: WatchedTask): WatchedTask {
    this.forgetOutput(task.id);
    this.ended.push(task.id);
    return this.set(task);
  }

  private set(task: WatchedTask): WatchedTask {
    const before = this.tasks.get(task.id)?.state;
    if (before !== undefined) this.states.set(before, this.count(before) - 1);
    this.states.set(task.state, this.count(task.state) + 1);
    this.tasks.set(task.id, task);
    return task;
  }

  private lastLine({ id, note }: WatchedTask, { stream, chunk }: TaskOutput): string {
    const text = this.decoderOf(id, stream).decode(chunk, { stream: true });
    const tail = ((this.tails.get(id) ?? '') + text).slice(-MAX_TAIL);
    this.tails.set(id, tail);
    return plainLines(tail).findLast((line) => line !== '') ?? note;
  }

  /** One for each stream: a character may be cut between two chunks of it. */
  private decoderOf(id: string, stream: string): TextDecoder {
    const ofTask = this.decoders.get(id) ?? new Map<string, TextDecoder>();
    const decoder = ofTask.get(stream) ?? new TextDecoder();
    this.decoders.set(id, ofTask.set(stream, decoder));
    return decoder;
  }

  private forgetOutput(id: string): void {
    this.tails.delete(id);
    this.decoders.delete(id);
  }
}
