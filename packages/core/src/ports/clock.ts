/** Time, as everything that schedules sees it; a test brings its own. */
export interface Clock {
  /** Wall-clock time in epoch milliseconds: for timestamps alone, since it may jump. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. Every deadline is in this time. */
  monotonic(): number;
  /** Calls `fn` once, not before `ms` milliseconds from now; the returned function prevents that. */
  after(ms: number, fn: () => void): () => void;
  /** Calls `fn` in the next turn of the event loop, after pending I/O has had its chance. */
  turn(fn: () => void): void;
}
