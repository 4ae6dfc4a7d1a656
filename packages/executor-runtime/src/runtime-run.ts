import { randomUUID } from 'node:crypto';
import { ExecGoError, errorMessage, isExecGoError, type RunContext, type TaskSpec } from '@execgo/core';
import type { AbandonedRuns } from './abandoned-runs.js';
import { type EndingParts, endRun, isOutage, isUnknownRun, POLL_GROWTH, statusOf } from './end-run.js';
import { KillDeadline } from './kill-deadline.js';
import { LiveOutput } from './live-output.js';
import { runError, SOURCE } from './run-error.js';
import type { RunRequest } from './run-input.js';
import { type RunPayload, runPayload } from './run-payload.js';
import { runResult } from './run-result.js';
import { isOver, type RunStatus } from './run-status.js';
import { untilAbort } from './until-abort.js';

const FIRST_RETRY_MS = 100;
/** The runtime's ids are made of letters, digits and `-_.`; this much of the task's stands in front, for those who look there. */
const MAX_ID_PREFIX = 60;

/** What all runs share. */
export interface RunParts extends EndingParts {
  readonly abandoned: AbandonedRuns;
}

/**
 * One attempt, at the runtime: `accept` its id, submit it under that id, look at it until it is over. The id is durable before
 * the runtime knows it, so that the run of an attempt that a crash has cut off can be found again, or be known not to exist.
 */
export class RuntimeRun {
  private id = '';
  private asked: RunPayload | undefined;
  private readonly stdout: LiveOutput;
  private readonly stderr: LiveOutput;
  private lastSeq = Number.NEGATIVE_INFINITY;
  private lastSeen = '';
  private readonly killDeadline: KillDeadline;
  private pauseMs: number;

  constructor(
    private readonly parts: RunParts,
    private readonly task: TaskSpec,
    private readonly request: RunRequest,
    private readonly run: RunContext,
  ) {
    this.stdout = new LiveOutput('stdout', run);
    this.stderr = new LiveOutput('stderr', run);
    this.pauseMs = parts.options.pollMinMs;
    this.killDeadline = new KillDeadline(run.signal, parts.options.clock, parts.options.killWaitMs);
  }

  /** The result, or the error of the attempt; when it settles, nothing of it runs any more, or the runtime could not be told. */
  async outcome(): Promise<unknown> {
    const { signal } = this.run;
    try {
      signal.throwIfAborted();
      const status = (await this.resume()) ?? (await this.start());
      return this.resultOf(status);
    } catch (error) {
      if (signal.aborted) throw await this.ended(signal.reason);
      throw error;
    } finally {
      this.killDeadline.release();
    }
  }

  /** The end of the run that an earlier life of this task has begun; undefined where it must be begun now. */
  private async resume(): Promise<RunStatus | undefined> {
    const { handle } = this.run;
    if (handle === undefined) return undefined;
    this.use(handle);
    const first = await this.firstLook();
    // What cannot be found was not begun, or is forgotten: the same id may be used.
    if (first === undefined) return this.submitAndWatch();
    // An earlier life has ended it when it was stopped.
    if (first.status === 'cancelled') return undefined;
    this.run.progress('found again at the runtime', { runtime_task_id: handle });
    const last = await this.watch(first);
    return last.status === 'cancelled' ? undefined : last;
  }

  private async firstLook(): Promise<RunStatus | undefined> {
    try {
      return await this.look();
    } catch (error) {
      if (isUnknownRun(error)) return undefined;
      throw error;
    }
  }

  private async start(): Promise<RunStatus> {
    this.use(freshId(this.task));
    await this.run.accept(this.id);
    return this.submitAndWatch();
  }

  private use(id: string): void {
    this.id = id;
    this.asked = runPayload(this.request, id, this.task, this.run, this.parts.options);
    this.run.details({ runtime_task_id: id });
  }

  private async submitAndWatch(): Promise<RunStatus> {
    this.run.signal.throwIfAborted();
    await this.patiently((signal) => untilAbort(signal, this.parts.abandoned.endOf(this.task.id)));
    await this.submit();
    return this.watch();
  }

  /**
   * Sends the run. Sent again under its own id it cannot run twice: 409 says that it is there. The request itself is not cut
   * off by an abort, since whether it was heard has to be known, but by the end of the time for ending it.
   */
  private async submit(): Promise<void> {
    const { client } = this.parts;
    const { signal } = this.killDeadline;
    try {
      await this.patiently(async () => client.submit((this.asked as RunPayload).payload, signal));
    } catch (error) {
      if (statusOf(error) === 409) return;
      // It may have been heard all the same.
      if (isExecGoError(error) && error.retryable && statusOf(error) !== 429) this.abandon();
      throw error;
    }
  }

  /** Looks at the run until it is over. */
  private async watch(first?: RunStatus): Promise<RunStatus> {
    try {
      for (let status = first ?? (await this.look()); ; status = await this.look()) {
        await this.report(status);
        if (isOver(status)) return status;
      }
    } catch (error) {
      if (!isUnknownRun(error)) throw error;
      const text = `the runtime does not know the run ${this.id} any more`;
      throw new ExecGoError('not_found', text, { source: SOURCE, cause: error });
    }
  }

  /**
   * How the run stands after a pause. The runtime may be out of reach for a while.
   *
   * @throws ExecGoError as the client; the run is then given up, but for one that the runtime does not know
   */
  private async look(): Promise<RunStatus> {
    const { client, timer, options } = this.parts;
    const { signal } = this.run;
    const sinceMs = options.clock.monotonic();
    for (;;) {
      await timer.pause(this.pauseMs, signal);
      signal.throwIfAborted();
      this.pauseMs = Math.min(options.pollMaxMs, this.pauseMs * POLL_GROWTH);
      try {
        return await client.status(this.id, signal);
      } catch (error) {
        if (signal.aborted || isUnknownRun(error)) throw error;
        if (isOutage(error) && options.clock.monotonic() - sinceMs < options.outageMs) continue;
        this.abandon();
        throw error;
      }
    }
  }

  private async report(status: RunStatus): Promise<void> {
    await this.show(status);
    const seen = `${status.status} ${status.updatedAt}`;
    if (seen === this.lastSeen) return;
    this.lastSeen = seen;
    try {
      for (const { seq, type, message, data } of await this.parts.client.events(this.id, this.run.signal)) {
        if (seq <= this.lastSeq) continue;
        this.lastSeq = seq;
        this.run.progress(message ?? type, { event: type, ...(data !== undefined && { data }) });
      }
    } catch (error) {
      if (this.run.signal.aborted) return;
      // Notes for watchers: the run is not worth less without them.
      this.run.progress(`the events of the run could not be read: ${errorMessage(error)}`);
    }
  }

  private async show(status: RunStatus): Promise<void> {
    await this.stdout.show(status.stdout, isOver(status));
    await this.stderr.show(status.stderr, isOver(status));
  }

  private resultOf(status: RunStatus): unknown {
    const details = { runtime_task_id: this.id, ...status.facts };
    this.run.details(details);
    const result = runResult(status, this.parts.options.maxOutputBytes);
    if (status.status === 'success') return result;
    const kept = { result, details };
    if (status.status === 'cancelled') {
      throw new ExecGoError('cancelled', 'the run was cancelled at the runtime', { source: SOURCE, details: kept });
    }
    if (status.error === undefined) {
      throw new ExecGoError('external_failure', 'the run failed, and the runtime does not say why', {
        source: SOURCE,
        details: kept,
      });
    }
    const error = runError(status.error, kept);
    const kind = String(this.request.execution.kind);
    if (error.code !== 'exit_nonzero' || status.exitCode === undefined) throw error;
    throw new ExecGoError('exit_nonzero', `${kind} failed: exit status ${status.exitCode}`, {
      source: SOURCE,
      details: error.details ?? {},
    });
  }

  /** After an abort: ends the run, waits for its end, and makes the error of the attempt. */
  private async ended(reason: unknown): Promise<ExecGoError> {
    const why = isExecGoError(reason) ? reason : new ExecGoError('cancelled', errorMessage(reason));
    if (this.id === '') return why;
    try {
      const status = await endRun(this.parts, this.id, this.asked?.owner, this.killDeadline.signal);
      if (status !== undefined) await this.show(status);
      const result = status === undefined ? undefined : runResult(status, this.parts.options.maxOutputBytes);
      return withDetails(why, {
        ...(result !== undefined && { result }),
        details: { runtime_task_id: this.id, ...status?.facts },
      });
    } catch (error) {
      this.abandon();
      return new ExecGoError(why.code, `${why.message}; the run could not be ended: ${errorMessage(error)}`, {
        retryable: false,
        // It may still run.
        final: true,
        source: SOURCE,
        details: { details: { runtime_task_id: this.id } },
        cause: error,
      });
    }
  }

  /** A request that is repeated a few times where the runtime gave no answer, or asks to come back. */
  private async patiently<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { timer, options } = this.parts;
    const { signal } = this.run;
    for (let retry = 0; ; retry += 1) {
      try {
        return await request(signal);
      } catch (error) {
        const again = isExecGoError(error) && (error.retryable || statusOf(error) === 429);
        if (signal.aborted || !again || retry >= options.requestRetries) throw error;
      }
      await timer.pause(FIRST_RETRY_MS * 2 ** retry, signal);
      signal.throwIfAborted();
    }
  }

  private abandon(): void {
    this.parts.abandoned.add(this.id, this.task.id, this.asked?.owner);
  }
}

function freshId({ id }: TaskSpec): string {
  const readable = id.replace(/[^A-Za-z0-9_.-]+/g, '-').slice(0, MAX_ID_PREFIX);
  return `${readable}-${randomUUID()}`;
}

function withDetails(error: ExecGoError, details: Readonly<Record<string, unknown>>): ExecGoError {
  return new ExecGoError(error.code, error.message, {
    retryable: error.retryable,
    ...(error.source !== undefined && { source: error.source }),
    details: { ...error.details, ...details },
    cause: error,
  });
}
