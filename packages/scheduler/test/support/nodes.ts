import { linkGraph, runSliced, type TaskGraph, type TaskSpec } from '@execgo/core';
import { spec } from '@execgo/testkit';
import { GraphIndex, type TaskNode } from '../../src/graph-index.js';

/** The graph of these tasks, taken as valid. */
export function graphOf(specs: readonly TaskSpec[]): TaskGraph {
  return runSliced(linkGraph(specs));
}

/** Pending tasks, in a graph of an index of their own. */
export function nodesOf(graphId: string, specs: readonly Partial<TaskSpec>[]): readonly TaskNode[] {
  return new GraphIndex().addGraph(graphId, graphOf(specs.map((fields) => spec(fields)))).nodes as TaskNode[];
}
