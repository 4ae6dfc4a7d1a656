/** What every call takes. */
export interface CallOptions {
  /** Ends the call, which then rejects with its reason, and leaves nothing open. */
  readonly signal?: AbortSignal;
}
