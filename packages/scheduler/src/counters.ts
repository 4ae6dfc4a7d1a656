import type { Histogram, TaskEvent } from '@execgo/core';

/** Upper bounds of the buckets of every duration, in milliseconds. */
const BOUNDS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000];

/** Counts durations in fixed buckets. */
export class DurationHistogram {
  private readonly counts = new Array<number>(BOUNDS_MS.length + 1).fill(0);
  private sum = 0;

  observe(ms: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && ms > (BOUNDS_MS[bucket] as number)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += ms;
  }

  read(): Histogram {
    let total = 0;
    return { bounds: BOUNDS_MS, counts: this.counts.map((count) => (total += count)), sum: this.sum };
  }
}

/** Counts what became durable since the start. */
export class Counters {
  submitted = 0;
  succeeded = 0;
  failed = 0;
  skipped = 0;
  retried = 0;
  abandoned = 0;
  readonly queueWait = new DurationHistogram();
  readonly attemptDuration = new DurationHistogram();
  readonly commitDuration = new DurationHistogram();
  private readonly typeCounts = new Map<string, number>();

  get byType(): Record<string, number> {
    return Object.fromEntries(this.typeCounts);
  }

  count(event: TaskEvent): void {
    switch (event.type) {
      case 'task_submitted':
        this.submitted += 1;
        this.typeCounts.set(event.spec.type, (this.typeCounts.get(event.spec.type) ?? 0) + 1);
        return;
      case 'task_succeeded':
        this.succeeded += 1;
        return;
      case 'task_failed':
      case 'task_cancelled':
        this.failed += 1;
        return;
      case 'task_skipped':
        this.skipped += 1;
        return;
      case 'task_retried':
        this.retried += 1;
        return;
      default:
        return;
    }
  }
}
