import { type Shape, spec } from '@execgo/testkit';
import { indexTasks, runSliced, type TaskGraph, type TaskSpec, validateGraph } from '../../src/index.js';

export const NONE = () => false;

export function validate(specs: readonly TaskSpec[], isKnown: (id: string) => boolean = NONE): TaskGraph {
  return runSliced(validateGraph(runSliced(indexTasks(specs)), isKnown));
}

export function specsOf(shape: Shape): readonly TaskSpec[] {
  return shape.map((dependencies, at) => spec({ id: `t${at}`, depends_on: dependencies.map((index) => `t${index}`) }));
}
