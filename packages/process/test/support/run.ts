import { randomUUID } from 'node:crypto';
import { childEnvironment, type RunOptions, type RunOutcome, runProcess } from '../../src/index.js';

/** A run id that no other test has. */
export function freshRunId(): string {
  return `${randomUUID()}/task/1`;
}

/** Runs a script with sh, as a run of its own. */
export function sh(
  script: string,
  options: Partial<RunOptions> & { readonly runId?: string } = {},
): Promise<RunOutcome> {
  const runId = options.runId ?? freshRunId();
  const env = childEnvironment({ identity: { runId, taskId: 'task', attempt: 1 } });
  return runProcess({ file: '/bin/sh', args: ['-c', script], env, limits: {}, ...options });
}
