import type { Readable } from 'node:stream';
import { type CapturedOutput, OutputCapture } from './output-capture.js';

export type OutputStream = 'stdout' | 'stderr';
/** Takes a chunk, which is its own from then on; where a promise is returned, that stream is read on when it is resolved. */
export type OutputListener = (stream: OutputStream, chunk: Uint8Array) => void | Promise<void>;

type StopRun = (reason: 'output_limit' | 'aborted') => void;

/** Reads both output streams of a process without ever stopping, except for a listener that asks to wait. */
export class OutputPump {
  private readonly stdout: OutputCapture;
  private readonly stderr: OutputCapture;
  /** For each stream that stands still, what it waits for. */
  private readonly waits = new Map<OutputStream, Promise<void>>();
  private listenerError: { readonly error: unknown } | undefined;

  constructor(
    keepBytes: number,
    private readonly maxBytes: number,
    private readonly listener: OutputListener | undefined,
  ) {
    this.stdout = new OutputCapture(keepBytes);
    this.stderr = new OutputCapture(keepBytes);
  }

  /** Bytes of both streams so far. */
  get bytes(): number {
    return this.stdout.bytes + this.stderr.bytes;
  }

  /** Whether a stream stands still because the listener asked for it. */
  get isWaiting(): boolean {
    return this.waits.size > 0;
  }

  /** @param onStop called when the run has to end: too much output, or a listener that failed */
  read(stdout: Readable, stderr: Readable, onStop: StopRun): void {
    this.readStream('stdout', stdout, this.stdout, onStop);
    this.readStream('stderr', stderr, this.stderr, onStop);
  }

  /** Resolves when the listener has taken all there is. */
  async delivered(): Promise<void> {
    while (this.waits.size > 0) await Promise.all(this.waits.values());
  }

  captured(): { readonly stdout: CapturedOutput; readonly stderr: CapturedOutput } {
    return { stdout: this.stdout.captured(), stderr: this.stderr.captured() };
  }

  /** Throws what the listener threw, if it did. */
  throwListenerError(): void {
    if (this.listenerError !== undefined) throw this.listenerError.error;
  }

  private readStream(name: OutputStream, stream: Readable, capture: OutputCapture, onStop: StopRun): void {
    const fail = (error: unknown) => {
      this.listenerError ??= { error };
      onStop('aborted');
    };
    // A read error ends the stream as its end does; how the process ended is told by its exit.
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      capture.append(chunk);
      if (this.bytes > this.maxBytes) onStop('output_limit');
      if (this.listener !== undefined && this.listenerError === undefined) this.deliver(name, stream, chunk, fail);
    });
  }

  private deliver(name: OutputStream, stream: Readable, chunk: Buffer, fail: (error: unknown) => void): void {
    const previous = this.waits.get(name);
    let wait: unknown;
    try {
      // Node resumes streams when the process exits: what comes then still waits for its turn.
      wait = previous === undefined ? this.listener?.(name, chunk) : previous.then(() => this.listener?.(name, chunk));
    } catch (error) {
      fail(error);
    }
    if (!(wait instanceof Promise)) return;
    stream.pause();
    const taken = wait.catch(fail).then(() => {
      if (this.waits.get(name) !== taken) return;
      this.waits.delete(name);
      stream.resume();
    });
    this.waits.set(name, taken);
  }
}
