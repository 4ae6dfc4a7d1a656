import {
  type ExecGoError,
  isExecGoError,
  type Kernel,
  type SubmitReceipt,
  type Task,
  type TaskGraphInput,
} from '@execgo/core';
import type { GraphReport } from '../live-tree/graph-report.js';

/** How long the report may lag behind the end of the graph, in milliseconds. */
const LAST_WORDS_MS = 1000;
const PAGE_TASKS = 1000;

export interface RunGraphOptions {
  /** As of a submission. */
  readonly idempotencyKey?: string;
  readonly report: GraphReport;
  /** Cancels the graph, with its reason; what was running has ended when the run resolves. */
  readonly signal: AbortSignal;
  /** Resolves once the store cannot write any more, which ends the run with that error. */
  readonly failed: Promise<ExecGoError>;
}

export interface GraphRun {
  readonly receipt: SubmitReceipt;
  /** In order of submission, all of them terminal. */
  readonly tasks: readonly Task[];
}

/** Submits a graph, reports on it, and resolves when each of its tasks has ended. @throws as `Kernel.submit` */
export async function runGraph(kernel: Kernel, graph: TaskGraphInput, options: RunGraphOptions): Promise<GraphRun> {
  const { idempotencyKey, report, signal, failed } = options;
  const receipt = await kernel.submit(graph, { ...(idempotencyKey !== undefined && { idempotencyKey }) });
  for (const warning of receipt.warnings) report.note(`warning: ${warning}`);
  const watching = new AbortController();
  const told = watch(kernel, receipt, report, watching.signal);
  try {
    await Promise.race([allEnded(kernel, receipt.graph_id, signal), failed.then((error) => Promise.reject(error))]);
    const timer = setTimeout(() => watching.abort(), LAST_WORDS_MS);
    await told;
    clearTimeout(timer);
    return { receipt, tasks: await tasksOf(kernel, receipt.graph_id) };
  } finally {
    watching.abort();
    await told;
  }
}

/** Resolves when nothing of the graph runs any more, by itself or since it was cancelled. */
async function allEnded(kernel: Kernel, graphId: string, signal: AbortSignal): Promise<void> {
  try {
    await kernel.graph(graphId, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    await cancel(kernel, graphId, String(signal.reason));
    await kernel.graph(graphId, {});
  }
}

async function cancel(kernel: Kernel, graphId: string, reason: string): Promise<void> {
  try {
    await kernel.cancelGraph(graphId, { reason });
  } catch (error) {
    // The last task ended in the same moment.
    if (!isExecGoError(error, 'conflict')) throw error;
  }
}

/** Ends by itself with the last task. A report that breaks off is no reason for the graph to do so. */
async function watch(kernel: Kernel, receipt: SubmitReceipt, report: GraphReport, signal: AbortSignal): Promise<void> {
  const open = new Set(receipt.task_ids);
  try {
    const [first] = receipt.task_ids;
    const after = first === undefined ? 0 : (await kernel.get(first)).submitted_seq - 1;
    for await (const event of kernel.watch({ graph_id: receipt.graph_id, after, live: true, signal })) {
      report.tell(event);
      if ('task_id' in event && ENDS.has(event.type)) open.delete(event.task_id);
      if (open.size === 0) return;
    }
  } catch (error) {
    if (!signal.aborted) report.note(`warning: what happens is not shown any more: ${(error as Error).message}`);
  }
}

const ENDS: ReadonlySet<string> = new Set([
  'task_succeeded',
  'task_failed',
  'task_cancelled',
  'task_skipped',
  'task_deleted',
]);

async function tasksOf(kernel: Kernel, graphId: string): Promise<readonly Task[]> {
  const tasks: Task[] = [];
  for (let before: number | undefined; ; ) {
    const page = await kernel.list({ graph_id: graphId, limit: PAGE_TASKS, ...(before !== undefined && { before }) });
    tasks.push(...page.tasks);
    if (page.next === undefined) return tasks.reverse();
    before = page.next;
  }
}
