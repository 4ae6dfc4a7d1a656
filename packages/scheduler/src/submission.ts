import { createHash, randomBytes } from 'node:crypto';
import {
  type Clock,
  checkReferences,
  ExecGoError,
  indexTasks,
  inTurns,
  isJsonObject,
  isTerminal,
  parseGraph,
  type ReceiptSeed,
  SLICE_TASKS,
  type Sliced,
  type SubmitOptions,
  type SubmitReceipt,
  specToWire,
  type Task,
  type TaskGraph,
  type TaskGraphInput,
  type TaskSpec,
  type TaskStore,
  validateGraph,
} from '@execgo/core';
import type { CommitLog } from './commit-log.js';
import { forEachExternal, type GraphIndex, type TaskNode } from './graph-index.js';
import type { Ledger } from './ledger.js';
import type { LocalRunner } from './local-runner.js';
import type { ResolvedSchedulerOptions } from './options.js';
import type { Outputs } from './outputs.js';
import type { Reservations } from './reservations.js';

/** Visible ASCII: what every door can carry, a header too. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,256}$/;

export interface SubmissionParts {
  readonly options: ResolvedSchedulerOptions;
  readonly store: TaskStore;
  readonly index: GraphIndex;
  readonly ledger: Ledger;
  readonly log: CommitLog;
  readonly local: LocalRunner;
  readonly reservations: Reservations;
  readonly outputs: Outputs;
}

/** A graph that passed every check that needs no knowledge of other graphs. */
interface Candidate {
  readonly specs: readonly TaskSpec[];
  readonly warnings: readonly string[];
  /** SHA-256 of the normalised specs; only with a key. */
  readonly digest: string | undefined;
  readonly key: string | undefined;
  readonly actor: string | undefined;
}

/** Takes graphs in: parse, validate, reserve, decide, commit. A graph comes in whole or leaves nothing behind. */
export class Submission {
  /** Submissions under way that carry a key: a second one with the same key joins the first. */
  private readonly keyed = new Map<string, { readonly digest: string; readonly receipt: Promise<SubmitReceipt> }>();
  private readonly clock: Clock;
  private readonly graphIdSuffix = randomBytes(4).toString('hex');
  private graphCount = 0;

  constructor(private readonly parts: SubmissionParts) {
    this.clock = parts.options.clock;
  }

  async submit(graph: TaskGraphInput, options: SubmitOptions): Promise<SubmitReceipt> {
    const { idempotencyKey, actor } = options;
    checkKey(idempotencyKey);
    const { specs, warnings } = await inTurns(this.clock, parseGraph(graph, this.parts.options.maxTasksPerGraph));
    if (idempotencyKey === undefined) {
      return this.take({ specs, warnings, digest: undefined, key: undefined, actor });
    }
    const key = `${actor ?? ''}\n${idempotencyKey}`;
    const digest = await inTurns(this.clock, digestOf(specs));
    const underWay = this.keyed.get(key);
    if (underWay !== undefined) {
      sameGraph(underWay.digest, digest);
      return underWay.receipt;
    }
    const receipt = this.takeOnce({ specs, warnings, digest, key, actor });
    this.keyed.set(key, { digest, receipt });
    try {
      return await receipt;
    } finally {
      this.keyed.delete(key);
    }
  }

  private async takeOnce(candidate: Candidate): Promise<SubmitReceipt> {
    const earlier = await this.parts.store.receipt(candidate.key as string);
    if (earlier === undefined) return this.take(candidate);
    sameGraph(earlier.digest, candidate.digest as string);
    const { task_ids, graph_id, warnings } = earlier;
    return { accepted: task_ids.length, task_ids, graph_id, warnings };
  }

  private async take(candidate: Candidate): Promise<SubmitReceipt> {
    const { reservations, log, index, outputs } = this.parts;
    const { specs } = candidate;
    const tasks = await inTurns(this.clock, indexTasks(specs));
    const { external } = tasks;
    // From here on nobody deletes or replaces what this graph depends on.
    const release = reservations.holdAsDependencies(external);
    try {
      const pruned = reservations.whenPruned(external);
      if (pruned !== undefined) await pruned;
      const finished = new Map<string, Task>();
      await this.fetchFinished(external, finished);
      const isKnown = (id: string) => index.get(id) !== undefined || finished.has(id);
      const graph = await inTurns(this.clock, validateGraph(tasks, isKnown));
      await this.checkTasks(specs);
      const replaced = outputs.mayHoldAny ? await this.finishedBefore(specs) : [];
      // A dependency may have finished, and left the index, while this submission was being checked.
      while (!this.allKnown(external, finished)) await this.fetchFinished(external, finished);
      this.refuseConflicts(specs);
      const receipt = this.decide(candidate, graph, finished);
      await log.durable();
      outputs.removeLater(replaced);
      return receipt;
    } finally {
      release();
    }
  }

  private allKnown(ids: ReadonlySet<string>, finished: ReadonlyMap<string, Task>): boolean {
    for (const id of ids) if (this.parts.index.get(id) === undefined && !finished.has(id)) return false;
    return true;
  }

  /** Looks up the dependencies outside the graph that the index does not know: finished ones, or none at all. */
  private async fetchFinished(external: ReadonlySet<string>, finished: Map<string, Task>): Promise<void> {
    const ids = [...external].filter((id) => this.parts.index.get(id) === undefined && !finished.has(id));
    if (ids.length === 0) return;
    for (const task of await this.parts.store.getMany(ids)) if (task !== undefined) finished.set(task.id, task);
  }

  /** The tasks that these are submitted in place of. */
  private async finishedBefore(specs: readonly TaskSpec[]): Promise<readonly Task[]> {
    const found: Task[] = [];
    for (let at = 0; at < specs.length; at += SLICE_TASKS) {
      const ids = specs.slice(at, at + SLICE_TASKS).map(({ id }) => id);
      for (const task of await this.parts.store.getMany(ids)) {
        if (task !== undefined && isTerminal(task.status)) found.push(task);
      }
    }
    return found;
  }

  private async checkTasks(specs: readonly TaskSpec[]): Promise<void> {
    const { local } = this.parts;
    // The types of all come before the input of any: the order of the wire contract.
    for (const spec of specs) local.checkType(spec);
    for (let at = 0; at < specs.length; at += 1) {
      if (at > 0 && at % SLICE_TASKS === 0) await new Promise<void>((resolve) => this.clock.turn(resolve));
      const spec = specs[at] as TaskSpec;
      const checked = local.check(spec);
      if (checked !== undefined) await checked;
      checkReferences(spec);
    }
  }

  private refuseConflicts(specs: readonly TaskSpec[]): void {
    const { index, reservations, log, options } = this.parts;
    if (log.uncommittedBytes > options.maxUncommittedBytes) {
      throw new ExecGoError('resource_exhausted', 'the store is behind with writing; try again in a moment');
    }
    if (index.unfinished + specs.length > options.maxPending) {
      const limit = `${options.maxPending} unfinished tasks at most`;
      throw new ExecGoError('resource_exhausted', `${limit}, and ${index.unfinished} are there; try again later`);
    }
    for (const { id } of specs) {
      const node = index.get(id);
      if (node !== undefined) throw conflictWith(node, index);
      reservations.refuse(id);
    }
  }

  private decide(candidate: Candidate, graph: TaskGraph, known: ReadonlyMap<string, Task>): SubmitReceipt {
    const { ledger, index } = this.parts;
    const { key, digest, warnings, actor } = candidate;
    this.graphCount += 1;
    const graphId = `g${this.graphCount.toString(36)}-${this.graphIdSuffix}`;
    const task_ids = candidate.specs.map(({ id }) => id);
    const seed: ReceiptSeed | undefined =
      key === undefined || digest === undefined ? undefined : { key, digest, task_ids, warnings };
    const entry = ledger.submitGraph(graphId, graph, actor, seed);
    forEachExternal(graph, (at, id) => {
      this.linkOrSkip(entry.nodes[at] as TaskNode, index.get(id) ?? index.addFinished(known.get(id) as Task));
    });
    return { accepted: task_ids.length, task_ids, graph_id: graphId, warnings };
  }

  private linkOrSkip(node: TaskNode, dependency: TaskNode): void {
    const { index, ledger } = this.parts;
    index.linkAcross(dependency, node);
    if (node.status !== 'pending' || !isTerminal(dependency.status) || dependency.status === 'success') return;
    ledger.skipped(node, dependency.id, dependency.status === 'skipped' ? 'skipped' : 'failed');
  }
}

function conflictWith(node: TaskNode, index: GraphIndex): ExecGoError {
  const dependent = node.settled ? index.openDependentOf(node) : undefined;
  const problem =
    dependent === undefined
      ? `task "${node.id}" exists and is not finished (${node.status})`
      : `task "${node.id}" cannot be replaced: unfinished task "${dependent.id}" depends on it`;
  return new ExecGoError('conflict', problem, { details: { task_id: node.id } });
}

function checkKey(key: unknown): void {
  if (key === undefined || (typeof key === 'string' && IDEMPOTENCY_KEY.test(key))) return;
  throw new ExecGoError('invalid_input', 'Idempotency-Key: expected 1 to 256 visible ASCII characters', {
    details: { field: 'Idempotency-Key' },
  });
}

function sameGraph(digest: string, other: string): void {
  if (digest === other) return;
  throw new ExecGoError('conflict', 'this Idempotency-Key was used for a different graph');
}

function* digestOf(specs: readonly TaskSpec[]): Sliced<string> {
  const hash = createHash('sha256');
  for (const [at, spec] of specs.entries()) {
    if (at > 0 && at % SLICE_TASKS === 0) yield;
    hash.update(JSON.stringify(inKeyOrder(specToWire(spec)))).update('\n');
  }
  return hash.digest('hex');
}

/**
 * The same content in another order of keys is the same graph. An object becomes its sorted entries under one key, so that it
 * never equals an array of such pairs. Recursive: input is at most 64 levels deep.
 */
function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isJsonObject(value)) return value;
  const keys = Object.keys(value).sort();
  return { entries: keys.map((key) => [key, inKeyOrder(value[key])]) };
}
