import type { Call } from './call.js';

/**
 * A signal for work that waits on behalf of a call: it aborts when the caller is gone or the listener stops. Listens by hand,
 * because a signal made by `AbortSignal.any` stays with the listener's for as long as that lives; so `release` it.
 */
export class CallEnd {
  private readonly controller = new AbortController();
  private readonly sources: readonly AbortSignal[];
  private readonly abort = (): void => this.controller.abort();

  constructor(call: Call) {
    this.sources = [call.gone, call.closing].filter((signal) => signal !== undefined);
    for (const source of this.sources) {
      if (source.aborted) this.abort();
      else source.addEventListener('abort', this.abort);
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Ends what waits, and takes the listeners off. */
  end(): void {
    this.release();
    this.abort();
  }

  release(): void {
    for (const source of this.sources) source.removeEventListener('abort', this.abort);
  }
}
