import { indexTasks, parseGraph, type Sliced, type TaskGraphInput, validateGraph } from '@execgo/core';
import type { Translation } from './translate.js';

/**
 * Whether a kernel could take the graph of a translation, as far as that can be said without one: types of fields, ids,
 * cycles. What only a kernel knows is let pass: its limits, other tasks, tools and their input.
 *
 * @returns sentences on fields of tasks that are ignored
 * @throws ExecGoError `invalid_input`, with the words of the kernel
 */
export function* checkTranslatedGraph({ task_graph }: Translation): Sliced<readonly string[]> {
  const graph: TaskGraphInput = task_graph as TaskGraphInput;
  const { specs, warnings } = yield* parseGraph(graph, Number.MAX_SAFE_INTEGER);
  yield* validateGraph(yield* indexTasks(specs), () => true);
  return warnings;
}
