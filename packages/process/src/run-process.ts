import { type Command, type Confinement, noConfinement } from './confinement.js';
import { type CapturedOutput, DEFAULT_KEEP_BYTES } from './output-capture.js';
import { type OutputListener, OutputPump } from './output-pump.js';
import { DEFAULT_KILL_AFTER_MS, type ProcessExit, ProcessTree } from './process-tree.js';
import { checkLimits, DEFAULT_OUTPUT_MAX_BYTES, type ResourceLimits } from './resource-limits.js';
import { launchFailure } from './sandbox/launch-failure.js';

/** How long output may come after the first process has ended, from what it left behind. */
export const DEFAULT_GRACE_MS = 250;
/** After everything was killed, streams that stay open longer than this, silent, are held by something we cannot see. */
const SILENT_MS = 250;
/** As long as a stream that should have ended is read on at most. */
const DRAIN_MS = 2_000;

export interface RunOptions extends Command {
  /** What the program reads from stdin. Default: nothing, at once. */
  readonly stdin?: string | Uint8Array;
  /** Ends the run; nothing of it is left when `runProcess` resolves. */
  readonly signal?: AbortSignal;
  /** @default noConfinement */
  readonly confinement?: Confinement;
  /** Takes every chunk as it comes; where it returns a promise, that stream waits for it. A rejection ends the run. */
  readonly onOutput?: OutputListener;
  /** Bytes of each stream that are kept. @default 1 MiB */
  readonly keepBytes?: number;
  /** @default 250 */
  readonly graceMs?: number;
  /** @default 2000 */
  readonly killAfterMs?: number;
}

/** Why a run is over: by itself, by the signal, or by a limit that is watched here. */
export type RunEnd = 'exited' | 'aborted' | 'wall_time' | 'output_limit';

export interface RunOutcome {
  readonly end: RunEnd;
  /** −1 when a signal ended it, or when it was not started. */
  readonly exitCode: number;
  readonly signal?: NodeJS.Signals;
  readonly stdout: CapturedOutput;
  readonly stderr: CapturedOutput;
  /** Undefined when it was aborted before it started. */
  readonly pid?: number;
  /** The limits that held, as far as they could be enforced. */
  readonly limits: ResourceLimits;
  /** Whether it could reach a network. */
  readonly network: boolean;
  /** Whether the kernel ended a process of it because `memory_bytes` was reached. */
  readonly ranOutOfMemory: boolean;
  /** Pids that could not be ended; normally none. Running the same again would have two of it alive. */
  readonly survivors: readonly number[];
}

/**
 * Runs a command to its end and keeps what it wrote. It is over when its first process has ended and 250 ms have passed or
 * nobody holds its output open any more, whichever comes first; what it left running is then killed. An abort, and a limit
 * that is exceeded, end it with SIGTERM and, 2 s later, SIGKILL. Whatever the outcome, nothing of it runs when this resolves,
 * except what `survivors` names. Output limit: 64 MiB unless `limits` says otherwise.
 *
 * In a sandbox everything ends with the first process, so that nothing else's output is waited for.
 *
 * @throws ExecGoError `not_found` when there is no such program, `launch_failed` when it cannot be started,
 * `sandbox_setup_failed` when the sandbox for it cannot be made, `invalid_input` for impossible limits, and what `confine` or `onOutput` throws
 */
export async function runProcess(options: RunOptions): Promise<RunOutcome> {
  checkLimits(options.limits);
  const limits = { output_max_bytes: DEFAULT_OUTPUT_MAX_BYTES, ...options.limits };
  const confined = await (options.confinement ?? noConfinement).confine({ ...options, limits });
  const pump = new OutputPump(options.keepBytes ?? DEFAULT_KEEP_BYTES, limits.output_max_bytes, options.onOutput);
  const held = { limits: confined.effective, network: confined.network ?? true };
  if (options.signal?.aborted) {
    await confined.group?.end();
    return { ...pump.captured(), ...held, end: 'aborted', exitCode: -1, ranOutOfMemory: false, survivors: [] };
  }
  const tree = await ProcessTree.start(confined, { stdin: options.stdin !== undefined });
  const run = new Run(tree, pump, options);
  const { exit, survivors } = await run.toEnd(limits.wall_time_ms);
  const { ranOutOfMemory } = tree;
  const output = pump.captured();
  if (exit?.neverStarted && run.end === 'exited' && !ranOutOfMemory)
    throw launchFailure(options.file, output.stderr.text);
  return {
    ...output,
    ...held,
    end: run.end,
    exitCode: exit?.code ?? -1,
    ...(exit?.signal ? { signal: exit.signal } : {}),
    pid: tree.pid,
    ranOutOfMemory,
    survivors,
  };
}

class Run {
  end: RunEnd = 'exited';
  private isOver = false;
  private isClosed = false;
  private requestStop: () => void = () => undefined;
  private isStopRequested = false;
  private readonly stopRequested = new Promise<undefined>((resolve) => {
    this.requestStop = () => resolve(undefined);
  });

  constructor(
    private readonly tree: ProcessTree,
    private readonly pump: OutputPump,
    private readonly options: RunOptions,
  ) {}

  async toEnd(wallTimeMs: number | undefined): Promise<{ exit?: ProcessExit; survivors: readonly number[] }> {
    const { tree, pump, options } = this;
    const onAbort = () => this.stop('aborted');
    options.signal?.addEventListener('abort', onAbort);
    const timer = wallTimeMs === undefined ? undefined : setTimeout(() => this.stop('wall_time'), wallTimeMs);
    try {
      void tree.closed.then(() => {
        this.isClosed = true;
      });
      pump.read(tree.stdout, tree.stderr, (reason) => this.stop(reason));
      this.feed();
      if (options.signal?.aborted) onAbort();
      const survivors = await this.untilNothingRuns();
      await this.drain();
      if (pump.isWaiting) await Promise.race([pump.delivered(), this.stopRequested]);
      pump.throwListenerError();
      return survivors.includes(tree.pid) ? { survivors } : { exit: await tree.exited, survivors };
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', onAbort);
      tree.stdin?.destroy();
      tree.stdout.destroy();
      tree.stderr.destroy();
    }
  }

  /** The first reason counts, and only while the first process runs; later ones just cut the waiting short. */
  private stop(reason: RunEnd): void {
    if (!this.isOver && !this.isStopRequested) this.end = reason;
    this.isStopRequested = true;
    this.requestStop();
  }

  private feed(): void {
    const { stdin } = this.tree;
    if (stdin === undefined) return;
    // A program may end without reading its input (EPIPE); its exit status tells whether that was an error.
    stdin.on('error', () => undefined);
    stdin.end(this.options.stdin);
  }

  private async untilNothingRuns(): Promise<readonly number[]> {
    const { tree, options } = this;
    const exit = await Promise.race([tree.exited, this.stopRequested]);
    if (exit === undefined) return tree.end(options.killAfterMs ?? DEFAULT_KILL_AFTER_MS);
    this.isOver = true;
    await this.closedWithin(options.graceMs ?? DEFAULT_GRACE_MS);
    return tree.endRest();
  }

  /** Nobody runs any more: the streams come to their end as fast as they are read, unless an invisible process holds them. */
  private async drain(): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    for (let seen = -1; !(await this.closedWithin(SILENT_MS)); seen = this.pump.bytes) {
      if (this.isStopRequested) return;
      if (this.pump.isWaiting) continue;
      if (this.pump.bytes === seen || performance.now() >= deadline) return;
    }
  }

  private async closedWithin(ms: number): Promise<boolean> {
    if (this.isClosed) return true;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race(
      this.isStopRequested ? [this.tree.closed, timeout] : [this.tree.closed, timeout, this.stopRequested],
    );
    clearTimeout(timer);
    return this.isClosed;
  }
}
