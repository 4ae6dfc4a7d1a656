import { EXTERNAL, type Task, type TaskGraph, type TaskSpec, type TaskStatus } from '@execgo/core';
import type { Attempt } from './attempt.js';
import type { Deadline } from './deadline-wheel.js';

/** What the scheduler knows of a task that is not finished, or that an unfinished task depends on. Kept small: one per waiting task. */
export class TaskNode {
  /** Decided, perhaps not durable yet; written by the ledger alone. */
  status: TaskStatus = 'pending';
  /** What it waits for: dependencies whose success is not durable yet, its own submission until that is, its next attempt. */
  openDependencies = 1;
  /** Dependents that are not settled: while there are some, the task can be neither replaced nor deleted. */
  openDependents = 0;
  /** Attempts begun that count. */
  attempt = 0;
  crashResets = 0;
  /** Monotonic milliseconds, whole: since when it could start. */
  readyAt = 0;
  /** Its terminal event is durable. */
  settled = false;
  /** The attempt under way, or the wait for the next one. */
  live: Attempt | Deadline | undefined = undefined;

  constructor(
    readonly spec: TaskSpec,
    readonly graph: GraphEntry,
    /** Its place in the graph; −1 for a finished task that is here only because others depend on it. */
    readonly index: number,
  ) {}

  get id(): string {
    return this.spec.id;
  }
}

/** The unfinished part of one submission. */
export class GraphEntry {
  readonly nodes: (TaskNode | undefined)[];
  /** Tasks whose terminal event is not durable yet. */
  unfinished = 0;
  /**
   * `submitted_seq` of the first task, where those of the others follow it; of each one in a graph of an earlier life, of which
   * the unfinished tasks alone are here.
   */
  submittedSeqs: number | Float64Array = 0;

  constructor(
    readonly id: string,
    size: number,
    /** As in TaskGraph, whose list of specs is not kept. */
    readonly edges: GraphEdges,
  ) {
    this.nodes = new Array<TaskNode | undefined>(size);
  }

  /** It comes from an earlier life of the store: its tasks may have run before. */
  get isRecovered(): boolean {
    return typeof this.submittedSeqs !== 'number';
  }

  /** `submitted_seq` of one of its tasks; of a finished one that is here only because others depend on it, nothing is known. */
  submittedSeqOf({ index }: TaskNode): number | undefined {
    if (index < 0) return undefined;
    return typeof this.submittedSeqs === 'number' ? this.submittedSeqs + index : this.submittedSeqs[index];
  }
}

export type GraphEdges = Pick<TaskGraph, 'dependencyOffsets' | 'dependencies' | 'dependentOffsets' | 'dependents'>;

const NONE = new Int32Array(0);
const NO_EDGES: GraphEdges = { dependencyOffsets: NONE, dependencies: NONE, dependentOffsets: NONE, dependents: NONE };

/**
 * The unfinished tasks and the edges between them. A finished task leaves as soon as no unfinished task depends on it, so
 * that finished work costs no memory here.
 */
export class GraphIndex {
  private readonly nodes = new Map<string, TaskNode>();
  private readonly graphs = new Map<string, GraphEntry>();
  /** Dependents in other graphs than the task's own, those that are not settled: few tasks have some. */
  private readonly dependentsAcross = new Map<TaskNode, Set<TaskNode>>();
  private unfinishedCount = 0;

  /** Tasks whose terminal event is not durable yet. */
  get unfinished(): number {
    return this.unfinishedCount;
  }

  get(id: string): TaskNode | undefined {
    return this.nodes.get(id);
  }

  graph(id: string): GraphEntry | undefined {
    return this.graphs.get(id);
  }

  /** Every node, pins included. */
  all(): IterableIterator<TaskNode> {
    return this.nodes.values();
  }

  /** Adds the tasks of a graph as pending, with the edges among them. */
  addGraph(id: string, graph: TaskGraph): GraphEntry {
    const { specs, dependencyCounts, dependencyOffsets, dependencies, dependentOffsets, dependents } = graph;
    const entry = new GraphEntry(id, specs.length, { dependencyOffsets, dependencies, dependentOffsets, dependents });
    for (let index = 0; index < specs.length; index += 1) {
      const spec = specs[index] as TaskSpec;
      const node = new TaskNode(spec, entry, index);
      node.openDependencies += dependencyCounts[index] as number;
      node.openDependents = (dependentOffsets[index + 1] as number) - (dependentOffsets[index] as number);
      entry.nodes[index] = node;
      this.nodes.set(spec.id, node);
    }
    entry.unfinished = specs.length;
    this.unfinishedCount += specs.length;
    this.graphs.set(id, entry);
    return entry;
  }

  /** Adds a finished task for others to depend on. */
  addFinished(task: Task): TaskNode {
    const node = new TaskNode(task.spec, new GraphEntry(task.graph_id, 0, NO_EDGES), -1);
    node.status = task.status;
    node.settled = true;
    this.nodes.set(task.id, node);
    return node;
  }

  /** Adds an edge between graphs, unless it is there: it pins the dependency, and is waited for unless that is settled. */
  linkAcross(dependency: TaskNode, dependent: TaskNode): void {
    let dependents = this.dependentsAcross.get(dependency);
    if (dependents === undefined) {
      dependents = new Set();
      this.dependentsAcross.set(dependency, dependents);
    }
    if (dependents.has(dependent)) return;
    dependents.add(dependent);
    dependency.openDependents += 1;
    if (!dependency.settled) dependent.openDependencies += 1;
  }

  forEachDependent(node: TaskNode, visit: (dependent: TaskNode) => void): void {
    const { nodes, edges } = node.graph;
    const { dependents, dependentOffsets } = edges;
    if (node.index >= 0) {
      const end = dependentOffsets[node.index + 1] as number;
      for (let edge = dependentOffsets[node.index] as number; edge < end; edge += 1) {
        const dependent = nodes[dependents[edge] as number];
        if (dependent !== undefined) visit(dependent);
      }
    }
    if (this.dependentsAcross.size === 0) return;
    for (const dependent of this.dependentsAcross.get(node) ?? []) visit(dependent);
  }

  /** An unfinished task that depends on this one, to be named in a refusal. */
  openDependentOf(node: TaskNode): TaskNode | undefined {
    let found: TaskNode | undefined;
    this.forEachDependent(node, (dependent) => {
      if (!dependent.settled) found ??= dependent;
    });
    return found;
  }

  /**
   * The terminal event of a task is durable: its dependencies lose a pin, and whatever nobody needs any more leaves.
   * @returns true when it was the last one of its graph
   */
  settle(node: TaskNode): boolean {
    node.settled = true;
    this.unfinishedCount -= 1;
    const { nodes, edges } = node.graph;
    const first = edges.dependencyOffsets[node.index] as number;
    const end = edges.dependencyOffsets[node.index + 1] as number;
    for (let edge = first; edge < end; edge += 1) {
      const at = edges.dependencies[edge] as number;
      const dependency =
        at === EXTERNAL ? this.unlinkAcross(node.spec.depends_on[edge - first] as string, node) : nodes[at];
      if (dependency === undefined) continue;
      dependency.openDependents -= 1;
      this.leaveIfUnneeded(dependency);
    }
    this.leaveIfUnneeded(node);
    node.graph.unfinished -= 1;
    if (node.graph.unfinished > 0) return false;
    this.graphs.delete(node.graph.id);
    return true;
  }

  /** Takes away an edge between graphs; the dependency, or undefined where there is no such edge (any more). */
  private unlinkAcross(id: string, dependent: TaskNode): TaskNode | undefined {
    const dependency = this.nodes.get(id);
    const linked = dependency !== undefined && this.dependentsAcross.get(dependency)?.delete(dependent);
    return linked === true ? dependency : undefined;
  }

  private leaveIfUnneeded(node: TaskNode): void {
    if (!node.settled || node.openDependents > 0) return;
    this.nodes.delete(node.id);
    if (this.dependentsAcross.size > 0) this.dependentsAcross.delete(node);
    if (node.index >= 0) node.graph.nodes[node.index] = undefined;
  }
}

/** Calls `visit` for every dependency of the graph's tasks that lies outside the graph. */
export function forEachExternal(graph: TaskGraph, visit: (index: number, id: string) => void): void {
  if (graph.external.size === 0) return;
  for (let index = 0; index < graph.specs.length; index += 1) {
    const first = graph.dependencyOffsets[index] as number;
    const end = graph.dependencyOffsets[index + 1] as number;
    for (let edge = first; edge < end; edge += 1) {
      if (graph.dependencies[edge] !== EXTERNAL) continue;
      visit(index, (graph.specs[index] as TaskSpec).depends_on[edge - first] as string);
    }
  }
}
