import type { EventQuery, LiveReport, TaskEvent, TaskStore, WatchOptions } from '@execgo/core';
import { Fifo } from './fifo.js';

export interface EventHubOptions {
  readonly store: TaskStore;
  readonly now: () => number;
  /** How many of the newest events are kept in memory for watchers. */
  readonly ringSize: number;
  /** How many live reports wait for one watcher before further ones are dropped. */
  readonly reportBuffer: number;
  /** How much output may be among them, in bytes. */
  readonly reportBufferBytes: number;
}

/** The live reports on their way to one watcher. */
interface ReportQueue {
  readonly query: WatchOptions;
  readonly waiting: Fifo<LiveReport>;
  /** Output among those that wait. */
  waitingBytes: number;
  dropped: number;
}

/**
 * PUBLISH for watchers. A watcher is a cursor into the one sequence of events: it reads the shared ring of the newest ones,
 * else the store, else it waits. Nobody waits for a watcher; live reports alone may be dropped, with a marker.
 */
export class EventHub {
  private readonly ring: (TaskEvent | undefined)[];
  private lastSeq = 0;
  private firstInRing = 1;
  private wake: (() => void) | undefined;
  private news: Promise<void> | undefined;
  private closed = false;
  private watchers = 0;
  private readonly reportQueues = new Set<ReportQueue>();

  constructor(private readonly options: EventHubOptions) {
    this.ring = new Array<TaskEvent | undefined>(options.ringSize);
  }

  get watched(): boolean {
    return this.reportQueues.size > 0;
  }

  /** Seq of the newest event that watchers may see. */
  get newestSeq(): number {
    return this.lastSeq;
  }

  startAfter(lastSeq: number): void {
    this.lastSeq = lastSeq;
    this.firstInRing = lastSeq + 1;
  }

  publish(events: readonly TaskEvent[]): void {
    if (this.watchers > 0) this.keep(events);
    else this.startAfter((events.at(-1) as TaskEvent).seq);
    this.notify();
  }

  /** Only while somebody watches: a ring that nobody reads would keep every event alive past its time. */
  private keep(events: readonly TaskEvent[]): void {
    const { ring } = this;
    for (let at = Math.max(0, events.length - ring.length); at < events.length; at += 1) {
      const event = events[at] as TaskEvent;
      ring[event.seq % ring.length] = event;
      this.lastSeq = event.seq;
    }
    this.firstInRing = Math.max(this.firstInRing, this.lastSeq - ring.length + 1);
  }

  report(report: LiveReport): void {
    const { reportBuffer, reportBufferBytes } = this.options;
    for (const queue of this.reportQueues) {
      if (!matches(report, queue.query)) continue;
      const waitingBytes = queue.waitingBytes + outputBytes(report);
      if (queue.waiting.length < reportBuffer && waitingBytes <= reportBufferBytes) {
        queue.waiting.push(report);
        queue.waitingBytes = waitingBytes;
      } else queue.dropped += 1;
    }
    this.notify();
  }

  /** Ends every watch. */
  close(): void {
    this.closed = true;
    this.notify();
  }

  /** "From now on" is the moment of the call, not of the first read. */
  watch(options: WatchOptions): AsyncGenerator<TaskEvent | LiveReport, void, undefined> {
    return this.follow(options, options.after ?? this.lastSeq);
  }

  private async *follow(options: WatchOptions, after: number): AsyncGenerator<TaskEvent | LiveReport, void, undefined> {
    const { signal, limit = Number.POSITIVE_INFINITY } = options;
    const reports: ReportQueue = { query: options, waiting: new Fifo(), waitingBytes: 0, dropped: 0 };
    if (options.live) this.reportQueues.add(reports);
    let isThere = true;
    const leave = () => {
      if (!isThere) return;
      isThere = false;
      signal?.removeEventListener('abort', onAbort);
      this.reportQueues.delete(reports);
      this.watchers -= 1;
    };
    // Whoever aborts need not read on: nothing is kept for him from then on.
    const onAbort = () => {
      leave();
      this.notify();
    };
    signal?.addEventListener('abort', onAbort);
    let given = 0;
    const ended = () => this.closed || given >= limit || (signal?.aborted ?? false);
    let cursor = after;
    this.watchers += 1;
    try {
      while (!ended()) {
        const news = this.nextNews();
        if (cursor + 1 < this.firstInRing) {
          // Whatever the store is asked for lies before this seq; what follows is in the ring by then, or asked for again.
          const upTo = this.lastSeq;
          for await (const event of this.options.store.events(eventQuery(options, cursor))) {
            if (event.seq > upTo) break;
            cursor = event.seq;
            given += 1;
            yield event;
            if (ended()) return;
          }
          cursor = upTo;
          continue;
        }
        while (cursor < this.lastSeq && cursor + 1 >= this.firstInRing) {
          const event = this.ring[(cursor + 1) % this.ring.length] as TaskEvent;
          cursor = event.seq;
          if (!matches(event, options)) continue;
          given += 1;
          yield event;
          if (ended()) return;
        }
        if (cursor < this.lastSeq) continue;
        yield* this.takeReports(reports);
        // Not `===`: a caller may name a place that is still to come.
        if (cursor >= this.lastSeq && reports.waiting.length === 0 && !ended()) await news;
      }
    } finally {
      leave();
    }
  }

  private *takeReports(queue: ReportQueue): Generator<LiveReport> {
    for (let report = queue.waiting.shift(); report !== undefined; report = queue.waiting.shift()) {
      queue.waitingBytes -= outputBytes(report);
      yield report;
    }
    if (queue.dropped === 0) return;
    const marker = { type: 'reports_dropped', timestamp: this.options.now(), dropped: queue.dropped } as const;
    queue.dropped = 0;
    yield marker;
  }

  private nextNews(): Promise<void> {
    this.news ??= new Promise((resolve) => {
      this.wake = resolve;
    });
    return this.news;
  }

  private notify(): void {
    this.wake?.();
    this.wake = undefined;
    this.news = undefined;
  }
}

function eventQuery({ task_id, graph_id }: WatchOptions, after: number): EventQuery {
  return { after, ...(task_id !== undefined && { task_id }), ...(graph_id !== undefined && { graph_id }) };
}

function outputBytes(report: LiveReport): number {
  return report.type === 'task_output' ? report.chunk.length : 0;
}

function matches(event: TaskEvent | LiveReport, { task_id, graph_id }: EventQuery): boolean {
  if (task_id !== undefined && (!('task_id' in event) || event.task_id !== task_id)) return false;
  return graph_id === undefined || ('graph_id' in event && event.graph_id === graph_id);
}
