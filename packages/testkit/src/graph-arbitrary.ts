import type { RunErrorCode, TaskGraphInput, TaskInput, TaskStatus } from '@execgo/core';
import fc from 'fast-check';
import { type Behaviour, fails, succeeds } from './behaviour.js';
import { taskInput } from './build-task.js';
import type { FakeExecutor } from './fake-executor.js';
import { chainShape, fanOutJoinShape, layeredShape, type Shape, sparseShape } from './shapes.js';

export type ShapeKind = 'chain' | 'fan-out' | 'layered' | 'sparse';

export interface GraphArbitraryOptions {
  /** @default 30 */
  readonly maxTasks?: number;
  /** @default all of them */
  readonly shapes?: readonly ShapeKind[];
  /** Task types to draw from, each served by an executor of that category. @default ['os'] */
  readonly categories?: readonly string[];
  /** Most further attempts of a task. @default 3 */
  readonly maxRetry?: number;
  /** Whether tasks fail at all. @default true */
  readonly failures?: boolean;
}

const DEFAULTS = {
  maxTasks: 30,
  shapes: ['chain', 'fan-out', 'layered', 'sparse'],
  categories: ['os'],
  maxRetry: 3,
  failures: true,
} as const satisfies Required<GraphArbitraryOptions>;

/** What will happen to one task each time it is run. */
export interface Outcome {
  /** Attempts that fail before one succeeds; Infinity: it never does. */
  readonly failures: number;
  readonly code: RunErrorCode;
}

/** A graph together with what is going to happen to each of its tasks, so that a test knows how it must end. */
export interface GraphScenario {
  readonly kind: ShapeKind;
  readonly tasks: readonly (TaskInput & { readonly id: string; readonly depends_on: string[] })[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

/** Codes that a further attempt may cure, and two it cannot. */
const CODES: readonly RunErrorCode[] = [
  'external_failure',
  'exit_nonzero',
  'timeout',
  'internal',
  'denied',
  'invalid_input',
];
const FINAL_CODES: ReadonlySet<RunErrorCode> = new Set<RunErrorCode>([
  'denied',
  'invalid_input',
  'cancelled',
  'not_found',
]);

/**
 * Random graphs without cycles, in every shape that matters to a scheduler, with priorities, categories, retries and an
 * outcome for each task. Tasks are in shuffled order, so that dependencies also come after their dependents.
 */
export function graphScenario(options: GraphArbitraryOptions = {}): fc.Arbitrary<GraphScenario> {
  const resolved = { ...DEFAULTS, ...options };
  return fc
    .constantFrom(...resolved.shapes)
    .chain((kind) => shapeOf(kind, resolved.maxTasks).chain((shape) => scenarioOf(kind, shape, resolved)));
}

/** A random shape of one kind. */
export function shapeOf(kind: ShapeKind, maxTasks: number): fc.Arbitrary<Shape> {
  const seed = fc.nat({ max: 2 ** 31 - 1 });
  const side = Math.max(1, Math.floor(Math.sqrt(maxTasks)));
  switch (kind) {
    case 'chain':
      return fc.integer({ min: 1, max: maxTasks }).map(chainShape);
    case 'fan-out':
      return fc.integer({ min: 1, max: Math.max(1, maxTasks - 2) }).map(fanOutJoinShape);
    case 'layered':
      return fc
        .tuple(
          fc.integer({ min: 1, max: side }),
          fc.integer({ min: 1, max: side }),
          fc.integer({ min: 1, max: 3 }),
          seed,
        )
        .map(([layers, width, fanIn, from]) => layeredShape(layers, width, fanIn, from));
    case 'sparse':
      return fc
        .tuple(fc.integer({ min: 1, max: maxTasks }), fc.integer({ min: 0, max: 4 }), seed)
        .map(([tasks, fanIn, from]) => sparseShape(tasks, fanIn, from));
  }
}

function scenarioOf(
  kind: ShapeKind,
  shape: Shape,
  options: Required<GraphArbitraryOptions>,
): fc.Arbitrary<GraphScenario> {
  const size = shape.length;
  const facts = fc.record({
    type: fc.constantFrom(...options.categories),
    retry: fc.integer({ min: 0, max: options.maxRetry }),
    priority: fc.oneof(fc.constant(0), fc.integer({ min: -100, max: 100 })),
    outcome: options.failures
      ? outcome(options.maxRetry)
      : fc.constant<Outcome>({ failures: 0, code: 'external_failure' }),
  });
  const order = fc.shuffledSubarray([...shape.keys()], { minLength: size, maxLength: size });
  return fc.tuple(fc.array(facts, { minLength: size, maxLength: size }), order).map(([all, places]) => {
    const tasks = shape.map((dependencies, at) => {
      const { type = 'os', retry = 0, priority = 0 } = all[at] ?? {};
      const id = `t${at}`;
      return { ...taskInput({ type, retry, priority }), id, depends_on: dependencies.map((index) => `t${index}`) };
    });
    const outcomes = new Map(all.map((fact, at) => [`t${at}`, fact.outcome]));
    return { kind, tasks: places.flatMap((at) => tasks[at] ?? []), outcomes };
  });
}

function outcome(maxRetry: number): fc.Arbitrary<Outcome> {
  const failures = fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: maxRetry + 1 }) },
    { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
  );
  return fc.record({ failures, code: fc.constantFrom(...CODES) });
}

/** The graph of a scenario as a client submits it. */
export function scenarioInput(scenario: GraphScenario): TaskGraphInput {
  return { tasks: scenario.tasks };
}

/** Makes an executor act a scenario out. */
export function actOut(executor: FakeExecutor, scenario: GraphScenario): void {
  for (const [id, { failures, code }] of scenario.outcomes) {
    if (failures === 0) continue;
    const failing = Array.from({ length: Number.isFinite(failures) ? failures : 1 }, (): Behaviour => fails(code));
    executor.script(id, ...failing, ...(Number.isFinite(failures) ? [succeeds(id)] : []));
  }
}

/** How each task must end, and after how many attempts, by the rules of the wire contract. */
export interface ExpectedEnd {
  readonly status: Extract<TaskStatus, 'success' | 'failed' | 'skipped'>;
  readonly attempts: number;
}

export function expectedEnds(scenario: GraphScenario): ReadonlyMap<string, ExpectedEnd> {
  const byId = new Map(scenario.tasks.map((task) => [task.id, task]));
  const ends = new Map<string, ExpectedEnd>();
  // Ids count up along the order that every shape has.
  for (let at = 0; at < scenario.tasks.length; at += 1) {
    const id = `t${at}`;
    const task = byId.get(id);
    const met = (task?.depends_on ?? []).every((dependency) => ends.get(dependency)?.status === 'success');
    ends.set(id, met ? endOf(task?.retry ?? 0, scenario.outcomes.get(id)) : { status: 'skipped', attempts: 0 });
  }
  return ends;
}

function endOf(retry: number, result: Outcome | undefined): ExpectedEnd {
  const { failures, code } = result ?? { failures: 0, code: 'internal' };
  if (failures === 0) return { status: 'success', attempts: 1 };
  if (FINAL_CODES.has(code)) return { status: 'failed', attempts: 1 };
  return failures <= retry ? { status: 'success', attempts: failures + 1 } : { status: 'failed', attempts: retry + 1 };
}
