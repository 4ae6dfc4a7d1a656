import type { Deadline } from '@grpc/grpc-js';

/** The longest that a timer can wait; a later deadline is no deadline. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface EndingCall {
  getDeadline(): Deadline;
  on(event: 'cancelled', listener: () => void): unknown;
}

/**
 * A signal for what a call holds: it aborts when the caller is gone, when its deadline is over, or when the server stops. The
 * deadline is watched here besides, because gRPC tells of it only once everything written before has gone out, which a reader
 * that does not read can put off. Listens by hand: a signal made by `AbortSignal.any` would stay with the server's as long as
 * that lives; so `release` it.
 */
export class CallEnd {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly abort = (): void => this.controller.abort();

  constructor(
    call: EndingCall,
    private readonly closing: AbortSignal,
  ) {
    call.on('cancelled', this.abort);
    const leftMs = Number(call.getDeadline()) - Date.now();
    if (leftMs < MAX_TIMER_MS) this.timer = setTimeout(this.abort, Math.max(0, leftMs)).unref();
    if (closing.aborted) this.abort();
    else closing.addEventListener('abort', this.abort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Ends what is held, and takes the listeners off. */
  end(): void {
    clearTimeout(this.timer);
    this.closing.removeEventListener('abort', this.abort);
    this.abort();
  }
}
