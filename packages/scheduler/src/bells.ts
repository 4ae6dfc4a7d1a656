/** Wakes one who looks again and again: ring before he waits, and he does not wait. */
export class Bell {
  private wake: (() => void) | undefined;
  private rung: Promise<void> | undefined;

  /** Resolves at the next ring. To be asked for before looking, so that what comes meanwhile is not missed. */
  next(): Promise<void> {
    this.rung ??= new Promise((resolve) => {
      this.wake = resolve;
    });
    return this.rung;
  }

  ring(): void {
    this.wake?.();
    this.wake = undefined;
    this.rung = undefined;
  }
}

/** The bells of those who look at the same thing, by key. */
export class Bells {
  private readonly bells = new Map<string, Set<Bell>>();

  /** Keys that somebody has a bell for. */
  get size(): number {
    return this.bells.size;
  }

  hang(key: string): Bell {
    const bell = new Bell();
    this.bells.set(key, (this.bells.get(key) ?? new Set()).add(bell));
    return bell;
  }

  take(key: string, bell: Bell): void {
    const set = this.bells.get(key);
    set?.delete(bell);
    if (set?.size === 0) this.bells.delete(key);
  }

  ring(key: string): void {
    if (this.bells.size === 0) return;
    for (const bell of this.bells.get(key) ?? []) bell.ring();
  }

  ringAll(): void {
    for (const set of this.bells.values()) for (const bell of set) bell.ring();
  }
}
