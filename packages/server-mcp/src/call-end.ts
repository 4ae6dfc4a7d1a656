/**
 * A signal for what waits on behalf of a call: it aborts as soon as one of several does, with its reason. Listens by hand,
 * because a signal made by `AbortSignal.any` stays with its sources for as long as they live; so `release` it.
 */
export class CallEnd {
  private readonly controller = new AbortController();
  private readonly listeners: readonly { readonly source: AbortSignal; readonly abort: () => void }[];

  constructor(sources: readonly AbortSignal[]) {
    this.listeners = sources.map((source) => ({ source, abort: () => this.controller.abort(source.reason) }));
    for (const { source, abort } of this.listeners) {
      if (source.aborted) abort();
      else source.addEventListener('abort', abort);
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Takes the listeners off. */
  release(): void {
    for (const { source, abort } of this.listeners) source.removeEventListener('abort', abort);
  }
}
