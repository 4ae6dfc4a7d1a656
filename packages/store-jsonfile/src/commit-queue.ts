import {
  EventEncoder,
  type ExecGoError,
  errorMessage,
  inTurns,
  isExecGoError,
  nextTurn,
  SLICE_TASKS,
  type Sliced,
  type StagedEvents,
  systemClock,
  type TaskEvent,
  type TaskTable,
} from '@execgo/core';
import { FlushPolicy } from './flush-policy.js';
import { type Journal, TURN_BYTES } from './journal.js';
import { EVENT_SEPARATOR, EVENTS_TAIL, eventsHead, type SnapshotMark, snapshotText } from './journal-line.js';
import { LineBuffer } from './line-buffer.js';
import { readOnly, refused } from './store-errors.js';

/** Most events that are made durable by one flush, unless a single append has more. */
const MAX_GROUP_EVENTS = 50_000;
/** Events that are committed to the table in one go. */
const COMMIT_AT_ONCE = 5000;
/** Text that is put together before it becomes bytes, in UTF-16 units: a third quicker than much longer ones. */
const PART_UNITS = 4096;
/** How long groups may follow one another within one turn of the event loop, in milliseconds. */
const MAX_TURN_MS = 5;

type Entry =
  | { readonly kind: 'append'; readonly events: readonly TaskEvent[]; readonly settle: Settle<void> }
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotMark; readonly settle: Settle<number> };

interface Settle<T> {
  resolve(value: T): void;
  reject(error: ExecGoError): void;
}

export interface CommitQueueOptions {
  readonly journal: Journal;
  readonly table: TaskTable;
  /** Seq of the newest durable event. */
  readonly lastSeq: number;
  readonly flushes: boolean;
  readonly segmentBytes: number;
  /** Called after each group, when its events are visible. */
  readonly onCommit: () => void;
}

/**
 * The one way into the journal. What is queued while a group is written and flushed makes the next group (group commit):
 * fold → encode → write → flush → show → resolve, one group at a time, in order. An event that cannot be folded ends it
 * before anything of its append is written; a failed write or flush ends it for good: never tried again, since the kernel
 * may have dropped the bytes and forgotten the error.
 */
export class CommitQueue {
  /** Seq of the newest event that is durable and visible. */
  lastSeq: number;
  /** Seq of the newest event that was flushed; behind `lastSeq` with `durability: none`. */
  private flushedSeq: number;
  private queuedSeq: number;
  private queue: Entry[] = [];
  private running = false;
  private failure: ExecGoError | undefined;
  private whenIdle: (() => void)[] = [];
  /** When the first group of this turn of the event loop was done. */
  private turnStartedAt: number | undefined;
  private readonly encoder = new EventEncoder();
  private readonly lines = new LineBuffer();
  private readonly policy = new FlushPolicy();

  constructor(private readonly options: CommitQueueOptions) {
    this.lastSeq = options.lastSeq;
    this.flushedSeq = options.lastSeq;
    this.queuedSeq = options.lastSeq;
  }

  /** Why nothing more is taken, if so. */
  get error(): ExecGoError | undefined {
    return this.failure;
  }

  append(events: readonly TaskEvent[]): Promise<void> {
    if (this.failure === undefined && !this.follows(events)) {
      this.failure = refused(`seqs of an append do not follow ${this.queuedSeq}`);
    }
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.queuedSeq += events.length;
    return this.enqueue((settle) => ({ kind: 'append', events, settle }));
  }

  /**
   * Writes a snapshot line and flushes it, whatever the durability.
   * @returns first seq of the segment that it went to
   */
  mark(snapshot: SnapshotMark): Promise<number> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return this.enqueue((settle) => ({ kind: 'snapshot', snapshot, settle }));
  }

  /** Takes nothing more, for a failure of the disk elsewhere than in the journal. What is under way still ends as it ends. */
  fail(cause: unknown): void {
    this.end(readOnly(cause), []);
  }

  /** Resolves when nothing is queued or under way. */
  async idle(): Promise<void> {
    if (this.running) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  private follows(events: readonly TaskEvent[]): boolean {
    let due = this.queuedSeq;
    for (const event of events) {
      due += 1;
      if (event.seq !== due) return false;
    }
    return true;
  }

  private enqueue<T>(make: (settle: Settle<T>) => Entry): Promise<T> {
    return new Promise((resolve, reject) => {
      this.queue.push(make({ resolve, reject }));
      if (this.running) return;
      this.running = true;
      // Not at once: what is appended in the same breath shares the flush.
      queueMicrotask(() => void this.run());
    });
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      const group = this.takeGroup();
      try {
        const first = group[0] as Entry;
        if (first.kind === 'snapshot') await this.commitMark(first);
        else await this.commitAppends(group as AppendEntry[]);
      } catch (error) {
        this.end(this.failure ?? readOnly(error), group);
      }
      if (this.hasHadItsTurn()) await nextTurn();
    }
    this.running = false;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }

  /** A caller that appends whenever an append resolves would else keep everybody from the event loop. */
  private hasHadItsTurn(): boolean {
    const now = performance.now();
    if (this.turnStartedAt === undefined) {
      this.turnStartedAt = now;
      setImmediate(() => {
        this.turnStartedAt = undefined;
      });
    }
    return now - this.turnStartedAt > MAX_TURN_MS;
  }

  /** A snapshot line is a group of its own. */
  private takeGroup(): Entry[] {
    let events = 0;
    let count = 0;
    for (const entry of this.queue) {
      if (entry.kind === 'snapshot') break;
      events += entry.events.length;
      if (count > 0 && events > MAX_GROUP_EVENTS) break;
      count += 1;
    }
    return this.queue.splice(0, Math.max(1, count));
  }

  private async commitAppends(group: readonly AppendEntry[]): Promise<void> {
    const { table, journal, flushes, onCommit } = this.options;
    const { taken, events, staged, illegal } = await this.stage(group);
    if (events > 0) {
      if (journal.end >= this.options.segmentBytes && journal.active.lastSeq >= journal.active.firstSeq)
        await this.rotate();
      const places = await inTurns(systemClock, this.encode(taken));
      await this.write();
      if (flushes) await this.flush(journal.end - journal.active.bytes);
      for (const { first, last, offset, end } of places) journal.active.addEvents(first, last, offset, end);
      if (events > COMMIT_AT_ONCE) await inTurns(systemClock, table.commitSliced(staged));
      else table.commit(staged);
      this.lastSeq += events;
      if (flushes) this.flushedSeq = this.lastSeq;
    }
    for (const entry of taken) entry.settle.resolve();
    if (illegal !== undefined) this.end(illegal, group.slice(taken.length));
    onCommit();
  }

  /** Folds a group; where an event is illegal, as far as the append before it. */
  private async stage(group: readonly AppendEntry[]): Promise<StagedGroup> {
    const events = group.length === 1 ? (group[0] as AppendEntry).events : group.flatMap((entry) => entry.events);
    try {
      const staged = await inTurns(systemClock, this.options.table.stage(events));
      return { taken: group, events: events.length, staged, illegal: undefined };
    } catch (error) {
      const bad = group.findIndex((entry) => refusesAppend(error, entry.events));
      if (bad < 0) throw error;
      const good = await this.stage(group.slice(0, bad));
      return { ...good, illegal: refused(errorMessage(error)) };
    }
  }

  /** The lines of a group, one for each append that has events, and where each will stand. */
  private *encode(group: readonly AppendEntry[]): Sliced<readonly LinePlace[]> {
    const start = this.options.journal.end;
    const places: LinePlace[] = [];
    const load = new TurnLoad();
    for (const { events } of group) {
      const [first, last] = [events[0]?.seq, events.at(-1)?.seq];
      if (first === undefined || last === undefined) continue;
      const offset = start + this.lines.bytes;
      yield* this.encodeLine(events, load);
      places.push({ first, last, offset, end: start + this.lines.bytes });
    }
    return places;
  }

  private *encodeLine(events: readonly TaskEvent[], load: TurnLoad): Sliced<void> {
    const { seq, timestamp } = events[0] as TaskEvent;
    this.lines.begin();
    let text = eventsHead(seq, seq + events.length - 1, timestamp, this.flushedSeq);
    for (let at = 0; at < events.length; at += 1) {
      const eventText = this.encoder.encode(events[at] as TaskEvent);
      text += at === 0 ? eventText : EVENT_SEPARATOR + eventText;
      const isFull = load.add(eventText.length);
      if (text.length >= PART_UNITS || isFull) {
        this.lines.add(text);
        text = '';
      }
      if (isFull) yield;
    }
    this.lines.add(text + EVENTS_TAIL);
    this.lines.end();
  }

  private async commitMark(entry: MarkEntry): Promise<void> {
    const { journal } = this.options;
    if (this.flushedSeq < this.lastSeq) await journal.flush();
    this.flushedSeq = this.lastSeq;
    this.lines.begin();
    this.lines.add(snapshotText(entry.snapshot, this.flushedSeq));
    this.lines.end();
    await this.write();
    await journal.flush();
    journal.active.bytes = journal.end;
    entry.settle.resolve(journal.active.firstSeq);
  }

  /** What a segment holds is durable before the next one is begun: recovery counts on it. */
  private async rotate(): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    if (this.flushedSeq < this.lastSeq) await this.options.journal.flush();
    this.flushedSeq = this.lastSeq;
    await this.options.journal.begin(this.lastSeq + 1);
  }

  private async write(): Promise<void> {
    const { journal } = this.options;
    const isSmall = this.lines.bytes <= TURN_BYTES;
    for (const part of this.lines.take()) {
      if (isSmall) journal.writeSync(part);
      else await journal.write(part);
    }
  }

  private async flush(bytes: number): Promise<void> {
    const { journal } = this.options;
    if (!this.policy.maySync(bytes)) return journal.flush();
    const startedAt = performance.now();
    journal.flushSync();
    this.policy.took(performance.now() - startedAt);
  }

  /** Nothing more is taken; what is queued is refused, since it would have to stand behind what was lost. */
  private end(error: ExecGoError, rest: readonly Entry[]): void {
    this.failure ??= error;
    for (const entry of [...rest, ...this.queue.splice(0)]) entry.settle.reject(error);
  }
}

type AppendEntry = Extract<Entry, { kind: 'append' }>;
type MarkEntry = Extract<Entry, { kind: 'snapshot' }>;

interface StagedGroup {
  readonly taken: readonly AppendEntry[];
  readonly events: number;
  readonly staged: StagedEvents;
  /** Why the append after those taken is refused. */
  readonly illegal: ExecGoError | undefined;
}

interface LinePlace {
  readonly first: number;
  readonly last: number;
  readonly offset: number;
  readonly end: number;
}

/** Counts what was encoded in this turn of the event loop. */
class TurnLoad {
  private events = 0;
  private units = 0;

  /** Whether the turn has done enough. */
  add(units: number): boolean {
    this.events += 1;
    this.units += units;
    if (this.events < SLICE_TASKS && this.units < TURN_BYTES) return false;
    this.events = 0;
    this.units = 0;
    return true;
  }
}

function refusesAppend(error: unknown, events: readonly TaskEvent[]): boolean {
  const seq = isExecGoError(error) ? error.details?.seq : undefined;
  return events.some((event) => event.seq === seq);
}
