import { ExecGoError } from '@execgo/core';

/** This machine is short of something at this moment. */
const SHORTAGE = /Resource temporarily unavailable|Cannot allocate memory|Too many open files|No space left on device/;

/**
 * Why a program in a sandbox was never started, by what its launcher wrote to stderr.
 *
 * @returns an error `not_found` or `launch_failed` where the program itself is at fault, else `sandbox_setup_failed`
 */
export function launchFailure(file: string, stderr: string): ExecGoError {
  const [, problem] = /^bwrap: execvp .*: ([^:\n]+)$/m.exec(stderr) ?? [];
  if (problem === 'No such file or directory') {
    return new ExecGoError('not_found', `command not found: ${file} (in the sandbox)`);
  }
  if (problem !== undefined) {
    return new ExecGoError('launch_failed', `cannot start ${file} in the sandbox: ${problem}`, {
      retryable: SHORTAGE.test(problem),
    });
  }
  const reason = stderr.trim() || 'it ended without a word';
  return new ExecGoError('sandbox_setup_failed', `the sandbox for ${file} cannot be set up: ${reason}`, {
    retryable: SHORTAGE.test(reason),
  });
}
