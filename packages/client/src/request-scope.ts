import { ExecGoClientError, ExecGoUnreachableError } from './errors.js';

/**
 * What ends one request: the caller's signal, or a time that is over. Listens by hand, since a signal made by `AbortSignal.any`
 * stays with the caller's for as long as that lives; so `release` it.
 */
export class RequestScope {
  private readonly controller = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private expiry: ExecGoUnreachableError | undefined;
  private readonly onAbort = (): void => this.controller.abort(this.caller?.reason);

  constructor(
    private readonly url: string,
    private readonly caller: AbortSignal | undefined,
  ) {
    if (caller?.aborted) this.onAbort();
    else caller?.addEventListener('abort', this.onAbort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Ends the request after so many milliseconds from now; replaces what was set before. */
  expireAfter(ms: number, problem: string): void {
    this.stopTimer();
    this.timer = setTimeout(() => {
      this.expiry = new ExecGoUnreachableError(this.url, problem);
      this.controller.abort(this.expiry);
    }, ms);
  }

  stopTimer(): void {
    clearTimeout(this.timer);
  }

  /** What a request that failed is rejected with. */
  reasonOf(error: unknown): unknown {
    if (this.caller?.aborted) return this.caller.reason;
    if (this.expiry !== undefined) return this.expiry;
    if (error instanceof ExecGoClientError) return error;
    return new ExecGoUnreachableError(this.url, problemOf(error), { cause: error });
  }

  /** Also ends what is left of the answer. */
  release(): void {
    this.stopTimer();
    this.caller?.removeEventListener('abort', this.onAbort);
    this.controller.abort();
  }
}

/** What `fetch` fails with says little; the cause tells what happened, if only as a code. */
function problemOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || String((cause as { code?: unknown }).code ?? cause.name);
}
