import { errorMessage, type GraphSummary, type Kernel, type LiveReport, type TaskEvent } from '@execgo/core';
import type { McpLogger } from './logger.js';
import type { ProgressSender } from './progress-sender.js';

/** Follows what a call waits for and tells the client, where it asked for progress. Best effort: no call fails for it. */
export class CallProgress {
  private readonly stop = new AbortController();

  constructor(
    private readonly kernel: Kernel,
    /** Absent where the client asked for none: nothing is watched then. */
    private readonly sender: ProgressSender | undefined,
    private readonly logger: McpLogger,
  ) {}

  /** From now on: what its attempts report, and that one failed and another follows. */
  followTask(id: string): void {
    const { sender } = this;
    if (sender === undefined) return;
    void this.follow({ task_id: id, live: true }, (event) => {
      const message = taskMessage(event);
      if (message !== undefined) sender.tell({ message });
    });
  }

  /** How many of its tasks have ended: as it is, and from now on. */
  followGraph(graphId: string): void {
    const { sender } = this;
    if (sender === undefined) return;
    let asking: Promise<void> | undefined;
    let isStale = false;
    // One question at a time, however many tasks end meanwhile.
    const ask = (): void => {
      isStale = asking !== undefined;
      asking ??= this.kernel
        .graph(graphId)
        .then((summary) => sender.tell(graphUpdate(summary)))
        .catch((error: unknown) => this.note(error))
        .finally(() => {
          asking = undefined;
          if (isStale && !this.stop.signal.aborted) ask();
        });
    };
    ask();
    void this.follow({ graph_id: graphId }, (event) => {
      if (event.type !== 'task_submitted') ask();
    });
  }

  /** Nothing is told any more. */
  close(): void {
    this.stop.abort();
    this.sender?.close();
  }

  private async follow(
    query: { task_id?: string; graph_id?: string; live?: boolean },
    each: (event: TaskEvent | LiveReport) => void,
  ): Promise<void> {
    try {
      for await (const event of this.kernel.watch({ ...query, signal: this.stop.signal })) {
        if (this.stop.signal.aborted) return;
        each(event);
      }
    } catch (error) {
      this.note(error);
    }
  }

  private note(error: unknown): void {
    if (this.stop.signal.aborted) return;
    this.logger.debug({ err: error }, `progress is not told any more: ${errorMessage(error)}`);
  }
}

/** That an attempt began is not among it: it is told later than what the attempt itself reports first. */
function taskMessage(event: TaskEvent | LiveReport): string | undefined {
  switch (event.type) {
    case 'task_progressed':
      return event.message ?? (event.data === undefined ? undefined : JSON.stringify(event.data));
    case 'task_retried':
      return `attempt ${event.attempt} failed and is tried again: ${event.error.message}`;
    case 'task_reset':
      return 'interrupted; runs again';
    default:
      return undefined;
  }
}

function graphUpdate({ counts, task_ids }: GraphSummary) {
  const { success = 0, failed = 0, skipped = 0, running = 0 } = counts;
  const done = success + failed + skipped;
  const rest = [
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  const message = [`${done} of ${task_ids.length} tasks ended`, ...rest].join(', ');
  return { message, counted: { done, total: task_ids.length } };
}
