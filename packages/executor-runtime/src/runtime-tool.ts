import { ExecGoError, type TaskSpec } from '@execgo/core';
import { KINDS, type RunKind } from './run-input.js';

/** The task type that the runtime serves. */
export const CATEGORY = 'runtime';
/** Names no kind: what runs is said by the input, as in the first version. */
const LEGACY_TOOL = 'runtime.execute';

/** The kind that a task names by its tool; undefined where its input says it. */
export function executionTool({ tool_name }: TaskSpec): RunKind | undefined {
  return KINDS.find((kind) => kind === tool_name);
}

/** @throws ExecGoError `not_found` for a tool that there is not */
export function checkTool({ tool_name }: TaskSpec): void {
  if (tool_name === undefined || tool_name === LEGACY_TOOL || KINDS.some((kind) => kind === tool_name)) return;
  const available = `(available: ${KINDS.join(', ')})`;
  throw new ExecGoError('not_found', `unknown tool ${JSON.stringify(tool_name)} of runtime ${available}`);
}
