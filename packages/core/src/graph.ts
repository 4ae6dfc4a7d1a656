import { ExecGoError } from './errors.js';
import { SLICE_TASKS, type Sliced } from './slices.js';
import type { TaskSpec } from './task.js';
import { isValidId, MAX_ID_LENGTH } from './task-schema.js';

/**
 * A valid graph in the form the scheduler walks: tasks by index, and for each the indices of its dependents, packed in two
 * arrays (compressed sparse rows), so that an edge costs four bytes.
 */
export interface TaskGraph {
  readonly specs: readonly TaskSpec[];
  /** Index of each task by its id. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Number of dependencies of each task inside this graph. */
  readonly dependencyCounts: Int32Array;
  /** Dependents of task i: `dependents[dependentOffsets[i] … dependentOffsets[i + 1])`. */
  readonly dependentOffsets: Int32Array;
  readonly dependents: Int32Array;
  /** Dependencies on tasks outside this graph, by the index of the dependent; only tasks that have some. */
  readonly externalDependencies: ReadonlyMap<number, readonly string[]>;
}

/** Which ids outside a graph its tasks may depend on. */
export type IsKnown = (id: string) => boolean;

/** Every id that a graph's tasks depend on and the graph does not hold. */
export function* externalIds(specs: readonly TaskSpec[]): Sliced<ReadonlySet<string>> {
  const own = new Set<string>();
  const external = new Set<string>();
  let handled = 0;
  for (const spec of specs) {
    if (++handled % SLICE_TASKS === 0) yield;
    own.add(spec.id);
  }
  for (const spec of specs) {
    if (++handled % SLICE_TASKS === 0) yield;
    for (const dependency of spec.depends_on) if (!own.has(dependency)) external.add(dependency);
  }
  return external;
}

/**
 * Checks that tasks form a graph, in the order of the wire contract: ids and types, dependencies, cycles. Iterative: a chain
 * of 100,000 tasks does not touch the stack. Time and memory grow with tasks plus dependencies.
 *
 * @throws ExecGoError `invalid_input` for the first thing that is wrong
 */
export function* validateGraph(specs: readonly TaskSpec[], isKnown: IsKnown): Sliced<TaskGraph> {
  if (specs.length === 0) throw new ExecGoError('invalid_input', 'task graph is empty');
  const graph = yield* link(specs, yield* indexById(specs), isKnown);
  yield* refuseCycle(graph);
  return graph;
}

/** The same for tasks that were validated when they were submitted, such as the unfinished ones at recovery: no checks. */
export function* linkGraph(specs: readonly TaskSpec[]): Sliced<TaskGraph> {
  const indexOf = new Map<string, number>();
  for (const spec of specs) indexOf.set(spec.id, indexOf.size);
  return yield* link(specs, indexOf, () => true);
}

function* link(specs: readonly TaskSpec[], indexOf: ReadonlyMap<string, number>, isKnown: IsKnown): Sliced<TaskGraph> {
  const { dependencyCounts, dependentOffsets, externalDependencies } = yield* countEdges(specs, indexOf, isKnown);
  const dependents = yield* fillDependents(specs, indexOf, dependentOffsets);
  return { specs, indexOf, dependencyCounts, dependentOffsets, dependents, externalDependencies };
}

function* indexById(specs: readonly TaskSpec[]): Sliced<Map<string, number>> {
  const indexOf = new Map<string, number>();
  for (const [index, spec] of specs.entries()) {
    if (index > 0 && index % SLICE_TASKS === 0) yield;
    if (spec.id === '') throw new ExecGoError('invalid_input', 'task id is required', field(index, 'id'));
    if (spec.type === '')
      throw new ExecGoError('invalid_input', `task ${quote(spec.id)}: type is required`, field(index, 'type'));
    if (!isValidId(spec.id)) {
      const rule = `must be 1–${MAX_ID_LENGTH} characters of valid Unicode without control characters`;
      throw new ExecGoError('invalid_input', `tasks[${index}].id: ${rule}`, field(index, 'id'));
    }
    if (indexOf.has(spec.id))
      throw new ExecGoError('invalid_input', `duplicate task id: ${quote(spec.id)}`, field(index, 'id'));
    indexOf.set(spec.id, index);
  }
  return indexOf;
}

function* countEdges(specs: readonly TaskSpec[], indexOf: ReadonlyMap<string, number>, isKnown: IsKnown) {
  const dependencyCounts = new Int32Array(specs.length);
  const dependentOffsets = new Int32Array(specs.length + 1);
  const externalDependencies = new Map<number, string[]>();
  let handled = 0;
  for (const [index, spec] of specs.entries()) {
    for (const dependency of spec.depends_on) {
      if (++handled % SLICE_TASKS === 0) yield;
      const at = indexOf.get(dependency);
      if (at === index) {
        throw new ExecGoError(
          'invalid_input',
          `task ${quote(spec.id)} cannot depend on itself`,
          field(index, 'depends_on'),
        );
      }
      if (at !== undefined) {
        dependencyCounts[index] = (dependencyCounts[index] ?? 0) + 1;
        dependentOffsets[at + 1] = (dependentOffsets[at + 1] ?? 0) + 1;
      } else if (isKnown(dependency)) {
        const known = externalDependencies.get(index);
        if (known === undefined) externalDependencies.set(index, [dependency]);
        else known.push(dependency);
      } else {
        const problem = `task ${quote(spec.id)} depends on unknown task ${quote(dependency)}`;
        throw new ExecGoError('invalid_input', problem, field(index, 'depends_on'));
      }
    }
  }
  for (let index = 0; index < specs.length; index += 1) {
    dependentOffsets[index + 1] = (dependentOffsets[index + 1] ?? 0) + (dependentOffsets[index] ?? 0);
  }
  return { dependencyCounts, dependentOffsets, externalDependencies };
}

function* fillDependents(
  specs: readonly TaskSpec[],
  indexOf: ReadonlyMap<string, number>,
  offsets: Int32Array,
): Sliced<Int32Array> {
  const dependents = new Int32Array(offsets[specs.length] ?? 0);
  const next = offsets.slice(0, specs.length);
  let handled = 0;
  for (const [index, spec] of specs.entries()) {
    for (const dependency of spec.depends_on) {
      if (++handled % SLICE_TASKS === 0) yield;
      const at = indexOf.get(dependency);
      if (at === undefined) continue;
      const place = next[at] ?? 0;
      dependents[place] = index;
      next[at] = place + 1;
    }
  }
  return dependents;
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
    const dependencies = graph.specs[index]?.depends_on ?? [];
    const next = dependencies.map((id) => graph.indexOf.get(id)).find((at) => at !== undefined && (open[at] ?? 0) > 0);
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
