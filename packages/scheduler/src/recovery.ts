import {
  type Clock,
  ExecGoError,
  inTurns,
  isTerminal,
  linkGraph,
  MAX_CRASH_RESETS,
  retryDelayMs,
  type Task,
  type TaskStore,
} from '@execgo/core';
import { type Dispatcher, interrupted } from './dispatcher.js';
import { forEachExternal, type GraphIndex, type TaskNode } from './graph-index.js';
import { type Ledger, NOTHING_REMAINS } from './ledger.js';
import type { ResolvedSchedulerOptions } from './options.js';
import { toRuntimeError } from './outcome.js';

export interface RecoveryParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
}

/** What an earlier life of the store had left. */
export interface RecoverySummary {
  /** Tasks that were not finished. */
  readonly unfinished: number;
  /** Of these, the ones that were running. */
  readonly interrupted: number;
}

/** An unfinished task: as the scheduler knows it from here on, and as it was found. */
interface Recovered {
  readonly node: TaskNode;
  readonly task: Task;
}

/** A dependency on a task of another graph, or one that is finished. */
interface Link {
  readonly node: TaskNode;
  readonly dependency: string;
}

/** Dependencies that no unfinished task stands for are fetched this many at a time. */
const FETCH_BATCH = 1000;

/** Brings back everything unfinished: the index, then the decisions on what was running, then what can start. */
export class Recovery {
  private readonly clock: Clock;

  constructor(private readonly parts: RecoveryParts) {
    this.clock = parts.options.clock;
  }

  /** Nothing is started here: the dispatcher is not active yet. */
  async run(): Promise<RecoverySummary> {
    const byGraph = new Map<string, Task[]>();
    for await (const batch of this.parts.store.unfinished()) {
      for (const task of batch) {
        const tasks = byGraph.get(task.graph_id);
        if (tasks === undefined) byGraph.set(task.graph_id, [task]);
        else tasks.push(task);
      }
    }
    const recovered: Recovered[] = [];
    const links: Link[] = [];
    for (const [graphId, tasks] of byGraph) {
      const graph = await inTurns(this.clock, linkGraph(tasks.map(({ spec }) => spec)));
      const entry = this.parts.index.addGraph(graphId, graph);
      const { nodes } = entry;
      entry.submittedSeqs = Float64Array.from(tasks, ({ submitted_seq }) => submitted_seq);
      for (const [at, task] of tasks.entries()) recovered.push({ node: restored(nodes[at] as TaskNode, task), task });
      forEachExternal(graph, (at, dependency) => links.push({ node: nodes[at] as TaskNode, dependency }));
    }
    const lost = await this.link(links);
    const interrupted = recovered.filter(({ task }) => task.status === 'running');
    // Everything is pending before anything fails: a skip reaches pending tasks alone.
    const refusals = interrupted.map(({ node }) => this.resetUnlessRefused(node));
    for (const [at, refusal] of refusals.entries()) {
      if (refusal !== undefined) this.fail((interrupted[at] as Recovered).node, refusal);
    }
    for (const { node, dependency } of lost) this.skip(node, dependency);
    const now = this.clock.monotonic();
    for (const one of recovered) this.resume(one, now);
    return { unfinished: recovered.length, interrupted: interrupted.length };
  }

  /**
   * A skip cascades in the append of the failure, so a dependency that is not unfinished was successful. A state file of the
   * first version gives no such promise: there it may have failed, or be gone.
   *
   * @returns the links of waiting tasks to what did not succeed; a task that had begun in spite of it runs again
   */
  private async link(links: readonly Link[]): Promise<readonly Link[]> {
    const { index, store } = this.parts;
    const missing = links.filter(({ dependency }) => index.get(dependency) === undefined);
    const ids = [...new Set(missing.map(({ dependency }) => dependency))];
    for (let at = 0; at < ids.length; at += FETCH_BATCH) {
      for (const task of await store.getMany(ids.slice(at, at + FETCH_BATCH))) {
        if (task !== undefined) index.addFinished(task);
      }
    }
    const lost: Link[] = [];
    for (const link of links) {
      const dependency = index.get(link.dependency);
      if (dependency !== undefined) index.linkAcross(dependency, link.node);
      const open = dependency !== undefined && !isTerminal(dependency.status);
      if (!open && dependency?.status !== 'success' && link.node.status === 'pending') lost.push(link);
    }
    return lost;
  }

  /** @returns why a task that was running may not run again; undefined where it is pending again */
  private resetUnlessRefused(node: TaskNode): ExecGoError | undefined {
    const refusal = this.refusalToRunAgain(node);
    if (refusal === undefined) this.parts.ledger.reset(node, 'crash');
    return refusal;
  }

  private fail(node: TaskNode, refusal: ExecGoError): void {
    const { ledger, options } = this.parts;
    ledger.failed(node, toRuntimeError(refusal, options.resultLimits), NOTHING_REMAINS);
  }

  private skip(node: TaskNode, dependency: string): void {
    const { index, ledger } = this.parts;
    if (node.status !== 'pending') return;
    ledger.skipped(node, dependency, index.get(dependency)?.status === 'skipped' ? 'skipped' : 'failed');
  }

  private resume({ node, task }: Recovered, now: number): void {
    const { dispatcher, options } = this.parts;
    if (isTerminal(node.status)) return;
    if (task.handle_id !== undefined) dispatcher.rememberHandle(node, task.handle_id);
    // Its submission is durable, so one more arrival: now, or after what is left of its back-off; without `resume`, never.
    if (!options.resume) return;
    // The wall clock may have been set back since: no wait is longer than the back-off that it was left of.
    const leftMs = (task.runtime?.not_before ?? 0) - this.clock.now();
    const waitMs = Math.min(leftMs, retryDelayMs(node.attempt + 1));
    if (waitMs <= 0) dispatcher.arrive(node, now);
    else node.live = dispatcher.waitForRetry(node, waitMs);
  }

  private refusalToRunAgain(node: TaskNode): ExecGoError | undefined {
    if (node.spec.on_interrupt === 'fail') return interrupted('a crash');
    if (node.crashResets + 1 < MAX_CRASH_RESETS) return undefined;
    const problem = `the server crashed ${MAX_CRASH_RESETS} times in a row while this task ran`;
    return new ExecGoError('unknown', problem, { source: 'scheduler' });
  }
}

function restored(node: TaskNode, task: Task): TaskNode {
  node.status = task.status;
  node.attempt = task.runtime?.attempt ?? 0;
  node.crashResets = task.runtime?.crash_resets ?? 0;
  return node;
}
