/** At most so many at once; the others wait, first come, first served. */
export class CallSlots {
  private free: number;
  private readonly waiting = new Set<() => void>();

  constructor(count: number) {
    this.free = count;
  }

  /** Runs `work` when there is a slot. A signal that aborts before takes it out of the queue, and rejects with its reason. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.free > 0) this.free -= 1;
    else await this.turn(signal);
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  /** A slot goes from hand to hand: it is never free in between, so nobody can slip in front. */
  private release(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiting.delete(onTurn);
        reject(signal.reason);
      };
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.waiting.add(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
