/** A flush longer than this, in milliseconds, is a pause that others notice. */
const LONG_FLUSH_MS = 5;
/** Flushes in the thread pool cost a hop of about 0.15 ms: a disk must be this quick for the hop to matter. */
const QUICK_FLUSH_MS = 0.5;
/** The biggest batch that is flushed within the turn, in bytes. */
const MAX_SYNC_BYTES = 64 * 1024;
/** How many of the newest synchronous flushes the median is taken of. */
const SAMPLES = 9;
const FIRST_PENALTY = 100;
const MAX_PENALTY = 12_800;

/**
 * Whether the next flush happens within the turn or in the thread pool. Within the turn it is up to three times as fast for
 * whoever waits, and stops everybody else: so only while the disk has shown to be quick. A slow flush sends the next 100 to
 * the pool; then one probes again, and each probe that fails doubles the number.
 */
export class FlushPolicy {
  private samples: number[] = [];
  private asyncLeft = 0;
  private penalty = FIRST_PENALTY;

  /** Asked once before each flush. */
  maySync(bytes: number): boolean {
    if (this.asyncLeft > 0) {
      this.asyncLeft -= 1;
      return false;
    }
    return bytes < MAX_SYNC_BYTES;
  }

  /** Told after each synchronous flush. */
  took(ms: number): void {
    this.samples.push(ms);
    if (this.samples.length > SAMPLES) this.samples.shift();
    if (ms <= LONG_FLUSH_MS && median(this.samples) < QUICK_FLUSH_MS) {
      if (this.samples.length === SAMPLES) this.penalty = FIRST_PENALTY;
      return;
    }
    this.asyncLeft = this.penalty;
    this.penalty = Math.min(MAX_PENALTY, this.penalty * 2);
    this.samples = [];
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
