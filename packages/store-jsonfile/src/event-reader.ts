import { join } from 'node:path';
import { type EventQuery, ExecGoError, nextTurn, quote, type TaskEvent } from '@execgo/core';
import type { FileReader, ReadableFile } from './file-system.js';
import { eventSlices, lineHead, parseEvents, type RawLine } from './journal-line.js';
import type { Segment } from './segment.js';
import { readLines } from './segment-reader.js';
import { damaged } from './store-damage.js';
import { systemCode } from './store-errors.js';

export interface EventSource {
  readonly fileSystem: FileReader;
  readonly directory: string;
  readonly journal: { readonly segments: readonly Segment[] };
}

/** Slices of one line that are parsed in one turn of the event loop. */
const SLICES_PER_TURN = 4;

/**
 * Events from the journal's files, a megabyte at a time. For one task or graph, lines that do not mention it are passed over
 * unparsed.
 *
 * @param lastSeq the newest event given out
 * @throws ExecGoError `gone` when the events after `query.after` are no longer kept, also when they go while being read
 */
export async function* readEvents(source: EventSource, query: EventQuery, lastSeq: number): AsyncGenerator<TaskEvent> {
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  if (left <= 0) return;
  for await (const events of readEventBatches(source, query, lastSeq)) {
    for (const event of events) {
      yield event;
      left -= 1;
      if (left <= 0) return;
    }
  }
}

/** As `readEvents`, as many at a time as were parsed at once, and without its limit. */
export async function* readEventBatches(
  source: EventSource,
  query: EventQuery,
  lastSeq: number,
): AsyncGenerator<readonly TaskEvent[]> {
  const firstSeq = source.journal.segments[0]?.firstSeq ?? lastSeq + 1;
  if (query.after !== undefined && query.after + 1 < firstSeq) throw gone(firstSeq);
  const filter = new EventFilter(query, Math.max(firstSeq, (query.after ?? 0) + 1), lastSeq);
  for (const segment of [...source.journal.segments]) {
    if (segment.firstSeq > lastSeq) return;
    if (segment.lastSeq < filter.from) continue;
    yield* readSegment(source, segment, filter);
  }
}

async function* readSegment(source: EventSource, segment: Segment, filter: EventFilter): AsyncGenerator<TaskEvent[]> {
  const file = await openSegment(source, segment);
  try {
    for await (const { lines, damage } of readLines(file, segment.seek(filter.from), segment.bytes)) {
      for (const line of lines) {
        for (const [slice, events] of filter.slicesOf(line)) {
          yield events;
          // One append may have made a line of many megabytes.
          if (slice % SLICES_PER_TURN === SLICES_PER_TURN - 1) await nextTurn();
        }
      }
      if (damage !== undefined) throw damaged(file.path, damage.what, damage.offset);
    }
  } finally {
    await file.close();
  }
}

/** A segment may be dropped while its turn has yet to come; one that is open stays readable. */
async function openSegment(source: EventSource, segment: Segment): Promise<ReadableFile> {
  try {
    return await source.fileSystem.open(join(source.directory, segment.name), 'read');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || source.journal.segments.includes(segment)) throw error;
    throw gone(source.journal.segments[0]?.firstSeq ?? segment.lastSeq + 1);
  }
}

class EventFilter {
  /** Bytes that a line with such an event must contain. */
  private readonly needle: Buffer | undefined;

  constructor(
    private readonly query: EventQuery,
    readonly from: number,
    private readonly until: number,
  ) {
    const { task_id, graph_id } = query;
    if (task_id !== undefined) this.needle = Buffer.from(`"task_id":${quote(task_id)}`);
    else if (graph_id !== undefined) this.needle = Buffer.from(`"graph_id":${quote(graph_id)}`);
  }

  *slicesOf(line: RawLine): IterableIterator<[number, TaskEvent[]]> {
    const head = lineHead(line.json);
    if (head?.kind !== 'events' || head.last < this.from || head.seq > this.until) return;
    let number = 0;
    for (const slice of eventSlices(line.json, head.from)) {
      const isWanted = this.needle === undefined || slice.includes(this.needle);
      yield [number, isWanted ? parseEvents(slice).filter((event) => this.matches(event)) : []];
      number += 1;
    }
  }

  private matches(event: TaskEvent): boolean {
    const { task_id, graph_id } = this.query;
    if (event.seq < this.from || event.seq > this.until) return false;
    if (graph_id !== undefined && event.graph_id !== graph_id) return false;
    return task_id === undefined || (event.type !== 'graph_submitted' && event.task_id === task_id);
  }
}

function gone(oldestSeq: number): ExecGoError {
  return new ExecGoError('gone', `events up to seq ${oldestSeq - 1} are no longer kept`, {
    details: { oldest_seq: oldestSeq },
  });
}
