import { ExecGoError } from './errors.js';
import { SLICE_TASKS, type Sliced } from './slices.js';
import type { TaskSpec } from './task.js';
import { isValidId, MAX_ID_LENGTH } from './task-schema.js';

/** Stands for a dependency on a task outside the graph. */
export const EXTERNAL = -1;

/** Tasks with ids and dependencies turned into numbers; whether the dependencies make sense is for `validateGraph` to say. */
export interface IndexedTasks {
  readonly specs: readonly TaskSpec[];
  /** Dependencies of task i, in the order of its `depends_on`: `dependencies[dependencyOffsets[i] … dependencyOffsets[i + 1])`. */
  readonly dependencyOffsets: Int32Array;
  /** Indices of tasks, or EXTERNAL. */
  readonly dependencies: Int32Array;
  /** Every id that is depended on and is not in the graph. */
  readonly external: ReadonlySet<string>;
}

/**
 * A valid graph in the form the scheduler walks: the dependents of each task by index, packed in two arrays like its
 * dependencies (compressed sparse rows), so that an edge costs four bytes.
 */
export interface TaskGraph extends IndexedTasks {
  /** Number of dependencies of each task inside this graph. */
  readonly dependencyCounts: Int32Array;
  /** Dependents of task i: `dependents[dependentOffsets[i] … dependentOffsets[i + 1])`. */
  readonly dependentOffsets: Int32Array;
  readonly dependents: Int32Array;
}

/** Which ids outside a graph its tasks may depend on. */
export type IsKnown = (id: string) => boolean;

/**
 * Checks ids and types, and numbers the tasks.
 *
 * @throws ExecGoError `invalid_input` for the first id or type that is missing, malformed or there twice
 */
export function* indexTasks(specs: readonly TaskSpec[]): Sliced<IndexedTasks> {
  if (specs.length === 0) throw new ExecGoError('invalid_input', 'task graph is empty');
  const indexOf = new Map<string, number>();
  for (let index = 0; index < specs.length; index += 1) {
    if (index > 0 && index % SLICE_TASKS === 0) yield;
    const spec = specs[index] as TaskSpec;
    checkIdAndType(spec, index);
    indexOf.set(spec.id, index);
    if (indexOf.size === index) {
      throw new ExecGoError('invalid_input', `duplicate task id: ${quote(spec.id)}`, field(index, 'id'));
    }
  }
  return yield* numberDependencies(specs, indexOf);
}

/**
 * Checks that indexed tasks form a graph, in the order of the wire contract: dependencies, then cycles. Iterative: a chain of
 * 100,000 tasks does not touch the stack. Time and memory grow with tasks plus dependencies.
 *
 * @throws ExecGoError `invalid_input` for the first thing that is wrong
 */
export function* validateGraph(tasks: IndexedTasks, isKnown: IsKnown): Sliced<TaskGraph> {
  yield* checkDependencies(tasks, isKnown);
  const graph = yield* link(tasks);
  yield* refuseCycle(graph);
  return graph;
}

/** The graph of tasks that were validated when they were submitted, such as the unfinished ones at recovery: no checks. */
export function* linkGraph(specs: readonly TaskSpec[]): Sliced<TaskGraph> {
  const indexOf = new Map<string, number>();
  for (const spec of specs) indexOf.set(spec.id, indexOf.size);
  return yield* link(yield* numberDependencies(specs, indexOf));
}

function checkIdAndType(spec: TaskSpec, index: number): void {
  if (spec.id === '') throw new ExecGoError('invalid_input', 'task id is required', field(index, 'id'));
  if (spec.type === '')
    throw new ExecGoError('invalid_input', `task ${quote(spec.id)}: type is required`, field(index, 'type'));
  if (isValidId(spec.id)) return;
  const rule = `must be 1–${MAX_ID_LENGTH} characters of valid Unicode without control characters`;
  throw new ExecGoError('invalid_input', `tasks[${index}].id: ${rule}`, field(index, 'id'));
}

function* numberDependencies(specs: readonly TaskSpec[], indexOf: ReadonlyMap<string, number>): Sliced<IndexedTasks> {
  const dependencyOffsets = new Int32Array(specs.length + 1);
  for (let index = 0; index < specs.length; index += 1) {
    dependencyOffsets[index + 1] = (dependencyOffsets[index] as number) + (specs[index] as TaskSpec).depends_on.length;
  }
  const dependencies = new Int32Array(dependencyOffsets[specs.length] as number);
  const external = new Set<string>();
  let edge = 0;
  // Loops over tasks and edges go by index: here an iterator would make an object for every step.
  for (let at = 0; at < specs.length; at += 1) {
    const ids = (specs[at] as TaskSpec).depends_on;
    for (let place = 0; place < ids.length; place += 1) {
      const id = ids[place] as string;
      const index = indexOf.get(id);
      if (index === undefined) external.add(id);
      dependencies[edge] = index ?? EXTERNAL;
      edge += 1;
      if (edge % (SLICE_TASKS * 5) === 0) yield;
    }
  }
  return { specs, dependencyOffsets, dependencies, external };
}

function* checkDependencies(tasks: IndexedTasks, isKnown: IsKnown): Sliced<void> {
  const { specs, dependencies, dependencyOffsets } = tasks;
  for (let index = 0; index < specs.length; index += 1) {
    if (index > 0 && index % (SLICE_TASKS * 2) === 0) yield;
    const first = dependencyOffsets[index] as number;
    const end = dependencyOffsets[index + 1] as number;
    for (let edge = first; edge < end; edge += 1) {
      const dependency = dependencies[edge] as number;
      if (dependency !== EXTERNAL && dependency !== index) continue;
      const spec = specs[index] as TaskSpec;
      const id = spec.depends_on[edge - first] as string;
      if (dependency === EXTERNAL && isKnown(id)) continue;
      const problem = dependency === index ? 'cannot depend on itself' : `depends on unknown task ${quote(id)}`;
      throw new ExecGoError('invalid_input', `task ${quote(spec.id)} ${problem}`, field(index, 'depends_on'));
    }
  }
}

function* link(tasks: IndexedTasks): Sliced<TaskGraph> {
  const { specs, dependencies, dependencyOffsets } = tasks;
  const dependencyCounts = new Int32Array(specs.length);
  const dependentOffsets = new Int32Array(specs.length + 1);
  for (let index = 0; index < specs.length; index += 1) {
    if (index > 0 && index % (SLICE_TASKS * 10) === 0) yield;
    const end = dependencyOffsets[index + 1] as number;
    for (let edge = dependencyOffsets[index] as number; edge < end; edge += 1) {
      const dependency = dependencies[edge] as number;
      if (dependency === EXTERNAL) continue;
      (dependencyCounts[index] as number) += 1;
      (dependentOffsets[dependency + 1] as number) += 1;
    }
  }
  for (let index = 0; index < specs.length; index += 1) {
    (dependentOffsets[index + 1] as number) += dependentOffsets[index] as number;
  }
  const dependents = new Int32Array(dependentOffsets[specs.length] as number);
  const next = dependentOffsets.slice(0, specs.length);
  for (let index = 0; index < specs.length; index += 1) {
    if (index > 0 && index % (SLICE_TASKS * 10) === 0) yield;
    const end = dependencyOffsets[index + 1] as number;
    for (let edge = dependencyOffsets[index] as number; edge < end; edge += 1) {
      const dependency = dependencies[edge] as number;
      if (dependency === EXTERNAL) continue;
      dependents[next[dependency] as number] = index;
      (next[dependency] as number) += 1;
    }
  }
  return { ...tasks, dependencyCounts, dependentOffsets, dependents };
}

/** Kahn's algorithm (1962): what cannot be put in order holds a cycle. */
function* refuseCycle(graph: TaskGraph): Sliced<void> {
  const { specs, dependents, dependentOffsets } = graph;
  const open = graph.dependencyCounts.slice();
  const order = new Int32Array(specs.length);
  let end = 0;
  for (let index = 0; index < specs.length; index += 1) if (open[index] === 0) order[end++] = index;
  for (let head = 0; head < end; head += 1) {
    if (head > 0 && head % (SLICE_TASKS * 10) === 0) yield;
    const index = order[head] ?? 0;
    for (let edge = dependentOffsets[index] ?? 0; edge < (dependentOffsets[index + 1] ?? 0); edge += 1) {
      const dependent = dependents[edge] ?? 0;
      const left = (open[dependent] ?? 0) - 1;
      open[dependent] = left;
      if (left === 0) order[end++] = dependent;
    }
  }
  if (end === specs.length) return;
  const cycle = findCycle(graph, open);
  throw new ExecGoError('invalid_input', `cycle detected in task graph: ${describeCycle(cycle)}`, {
    details: { cycle },
  });
}

/** Every task still open has an open dependency: following them must come round. */
function findCycle(graph: TaskGraph, open: Int32Array): readonly string[] {
  const seenAt = new Map<number, number>();
  const path: number[] = [];
  let index = open.findIndex((count) => count > 0);
  while (!seenAt.has(index)) {
    seenAt.set(index, path.length);
    path.push(index);
    const own = graph.dependencies.subarray(graph.dependencyOffsets[index], graph.dependencyOffsets[index + 1]);
    const next = own.find((at) => at !== EXTERNAL && (open[at] as number) > 0);
    if (next === undefined)
      throw new ExecGoError('internal', 'a task left over by the ordering has no open dependency');
    index = next;
  }
  const ids = path.slice(seenAt.get(index)).map((at) => graph.specs[at]?.id ?? '');
  return [...ids, ids[0] ?? ''];
}

const NAMED_OF_A_CYCLE = 20;

function describeCycle(cycle: readonly string[]): string {
  const named = cycle.slice(0, NAMED_OF_A_CYCLE).map(quote).join(' -> ');
  return cycle.length > NAMED_OF_A_CYCLE ? `${named} -> … (${cycle.length - 1} tasks)` : named;
}

/** The error of the wire for a type no executor serves; types sorted. */
export function unknownType(type: string, available: readonly string[]): ExecGoError {
  const sorted = [...available].sort();
  return new ExecGoError('invalid_input', `unknown task type: ${type} (available: ${sorted.join(', ')})`, {
    details: { type, available: sorted },
  });
}

function quote(id: string): string {
  return JSON.stringify(id);
}

function field(index: number, name: string) {
  return { details: { field: `tasks[${index}].${name}` } };
}
