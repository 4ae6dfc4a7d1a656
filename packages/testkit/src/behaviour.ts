import {
  type Clock,
  type ErrorOptions,
  ExecGoError,
  type RunContext,
  type RunErrorCode,
  type TaskSpec,
} from '@execgo/core';

/** What an attempt is given by the `FakeExecutor`. */
export interface FakeAttempt {
  readonly task: TaskSpec;
  readonly run: RunContext;
  /** Settles when the test calls `FakeExecutor.release` for this task. */
  readonly released: Promise<unknown>;
}

/** What one attempt does: resolves to its result, or throws. */
export type Behaviour = (attempt: FakeAttempt) => Promise<unknown>;

/** Succeeds at once; it does not touch the signal. */
export function succeeds(value?: unknown): Behaviour {
  return async () => value;
}

/** Fails at once. @default code 'external_failure' */
export function fails(
  code: RunErrorCode = 'external_failure',
  message = `failed: ${code}`,
  options?: ErrorOptions,
): Behaviour {
  return async () => {
    throw new ExecGoError(code, message, options);
  };
}

/** Throws what is not an ExecGoError, as a driver with a bug does. */
export function throwsRaw(value: unknown): Behaviour {
  return async () => {
    throw value;
  };
}

/** Does nothing until it is aborted, then rejects with the reason of the signal. */
export function hangs(): Behaviour {
  return ({ run }) => untilAborted(run.signal, new Promise(() => {}));
}

/** Waits for `release`, then does what it was released with; an abort ends it before. */
export function waitsForRelease(): Behaviour {
  return ({ run, released }) => untilAborted(run.signal, released);
}

/** Waits for `release` and takes no notice of its signal, as an executor that must be abandoned. */
export function ignoresAbort(): Behaviour {
  return ({ released }) => released;
}

/** Takes so long on the given clock, then behaves as `then`; an abort ends it before. */
export function takes(clock: Clock, ms: number, then: Behaviour = succeeds()): Behaviour {
  return async (attempt) => {
    let cancel = () => {};
    const elapsed = new Promise<void>((resolve) => {
      cancel = clock.after(ms, resolve);
    });
    await untilAborted(attempt.run.signal, elapsed).finally(() => cancel());
    return then(attempt);
  };
}

/** Hands its work on under a handle, then behaves as `then`. */
export function accepts(handle: string, then: Behaviour = succeeds()): Behaviour {
  return async (attempt) => {
    await attempt.run.accept(handle);
    return then(attempt);
  };
}

/** Reports progress, then behaves as `then`. */
export function reports(messages: readonly string[], then: Behaviour = succeeds()): Behaviour {
  return async (attempt) => {
    for (const message of messages) attempt.run.progress(message);
    return then(attempt);
  };
}

function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
