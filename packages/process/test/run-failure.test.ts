import { ExecGoError } from '@execgo/core';
import { describe, expect, it } from 'vitest';
import { type RunOutcome, runFailure } from '../src/index.js';

const output = { text: '', bytes: 0, truncated: false };
const base: RunOutcome = {
  end: 'exited',
  exitCode: 0,
  stdout: output,
  stderr: output,
  pid: 7,
  limits: {},
  network: true,
  ranOutOfMemory: false,
  survivors: [],
};

function failure(outcome: Partial<RunOutcome>, abortReason?: unknown) {
  const options = { subject: 'command', result: { stdout: 'kept' }, details: { pid: 7 }, abortReason };
  return runFailure({ ...base, ...outcome }, options);
}

describe('the error of a run', () => {
  it('is none after exit status 0, whatever became of its children', () => {
    expect(failure({})).toBeUndefined();
    expect(failure({ ranOutOfMemory: true, limits: { memory_bytes: 4096 } })).toBeUndefined();
  });

  it.each<[Partial<RunOutcome>, string, string]>([
    [{ exitCode: 3 }, 'exit_nonzero', 'command failed: exit status 3'],
    [{ exitCode: -1, signal: 'SIGSEGV' }, 'exit_nonzero', 'command failed: ended by SIGSEGV'],
    [{ end: 'wall_time', limits: { wall_time_ms: 50 } }, 'timeout', 'command ran longer than 50 ms'],
    [
      { end: 'output_limit', limits: { output_max_bytes: 9 } },
      'resource_limit_exceeded',
      'command wrote more than 9 bytes',
    ],
    [
      { exitCode: -1, signal: 'SIGXCPU', limits: { cpu_time_sec: 2 } },
      'cpu_limit_exceeded',
      'command used more than 2 s of CPU time',
    ],
    [{ exitCode: 152, limits: { cpu_time_sec: 2 } }, 'cpu_limit_exceeded', 'command used more than 2 s of CPU time'],
    [{ exitCode: 152 }, 'exit_nonzero', 'command failed: exit status 152'],
    [
      { exitCode: 137, ranOutOfMemory: true, limits: { memory_bytes: 4096 } },
      'memory_limit_exceeded',
      'command used more than 4096 bytes of memory',
    ],
    [{ exitCode: 0, survivors: [8, 9] }, 'internal', 'command cannot be ended: pid 8, 9'],
  ])('of %j', (outcome, code, message) => {
    const error = failure(outcome);
    expect(error).toMatchObject({ code, message });
    expect(error?.details).toEqual({ result: { stdout: 'kept' }, details: { pid: 7 } });
  });

  it('of an abort is the reason of the signal, with the output kept', () => {
    const reason = new ExecGoError('timeout', 'attempt ran longer than 5 ms', { source: 'scheduler' });
    const error = failure({ end: 'aborted', exitCode: -1 }, reason);
    expect(error).toMatchObject({ code: 'timeout', message: reason.message, retryable: true, source: 'scheduler' });
    expect(error?.details).toMatchObject({ result: { stdout: 'kept' } });
    expect(failure({ end: 'aborted' }, new Error('x'))).toMatchObject({ code: 'cancelled' });
  });
});
