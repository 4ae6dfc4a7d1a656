import { ExecGoError, isExecGoError } from '@execgo/core';
import type { RunOutcome } from './run-process.js';

/** Shells report a program that a signal ended as 128 + its number; SIGXCPU is 24. */
const EXIT_OF_SIGXCPU = 128 + 24;

export interface FailureOptions {
  /** Names it in the message: `command failed: exit status 2`. */
  readonly subject: string;
  /** Why the signal was aborted: its code and text are the failure's. */
  readonly abortReason?: unknown;
  /** Kept with the failure, as `details.result`: the output of what failed. */
  readonly result: unknown;
  /** Facts about the run: `details.details`. */
  readonly details: unknown;
}

/** The error of a run, by the codes of the wire; undefined for one that ended with exit status 0. */
export function runFailure(outcome: RunOutcome, options: FailureOptions): ExecGoError | undefined {
  const { subject, result } = options;
  const details = { result, details: options.details };
  if (outcome.survivors.length > 0) {
    const pids = outcome.survivors.join(', ');
    return new ExecGoError('internal', `${subject} cannot be ended: pid ${pids}`, {
      retryable: false,
      final: true,
      details,
    });
  }
  switch (outcome.end) {
    case 'aborted':
      return abortError(subject, options.abortReason, details);
    case 'wall_time':
      return new ExecGoError('timeout', `${subject} ran longer than ${outcome.limits.wall_time_ms} ms`, { details });
    case 'output_limit': {
      const limit = `${subject} wrote more than ${outcome.limits.output_max_bytes} bytes`;
      return new ExecGoError('resource_limit_exceeded', limit, { details });
    }
    case 'exited':
      return exitError(outcome, subject, details);
  }
}

function abortError(subject: string, reason: unknown, details: Record<string, unknown>): ExecGoError {
  if (!isExecGoError(reason)) return new ExecGoError('cancelled', `${subject} was cancelled`, { details });
  return new ExecGoError(reason.code, reason.message, {
    retryable: reason.retryable,
    ...(reason.source === undefined ? {} : { source: reason.source }),
    details: { ...reason.details, ...details },
    cause: reason,
  });
}

function exitError(outcome: RunOutcome, subject: string, details: Record<string, unknown>): ExecGoError | undefined {
  const { exitCode, signal, limits } = outcome;
  if (exitCode === 0) return undefined;
  if (outcome.ranOutOfMemory) {
    const message = `${subject} used more than ${limits.memory_bytes} bytes of memory`;
    return new ExecGoError('memory_limit_exceeded', message, { details });
  }
  if (limits.cpu_time_sec !== undefined && (signal === 'SIGXCPU' || exitCode === EXIT_OF_SIGXCPU)) {
    const message = `${subject} used more than ${limits.cpu_time_sec} s of CPU time`;
    return new ExecGoError('cpu_limit_exceeded', message, { details });
  }
  const how = signal === undefined ? `exit status ${exitCode}` : `ended by ${signal}`;
  return new ExecGoError('exit_nonzero', `${subject} failed: ${how}`, { details });
}
