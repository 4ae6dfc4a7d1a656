import { eventToWire, type LiveReport, type TaskEvent } from '@execgo/core';
import type { ServerClock } from './app-options.js';
import { nextTurn } from './next-turn.js';

const encoder = new TextEncoder();
const HEARTBEAT = encoder.encode(': heartbeat\n\n');

export interface EventStreamOptions {
  readonly clock: ServerClock;
  readonly heartbeatMs: number;
  /** After so many the event loop may turn: a long past is told without holding up others. */
  readonly eventsPerTurn: number;
  /** Called once, however the stream ends: ends the source. */
  readonly onEnd: () => void;
  /** Told why the source failed. The stream then ends, and the client, reconnecting, is told the reason. */
  readonly onBroken: (error: unknown) => void;
}

/** An event as an SSE message (HTML standard, 9.2.6): `id` is the seq, and a live report has none, so it is never resumed from. */
function sseMessage(event: TaskEvent | LiveReport): string {
  const id = 'seq' in event ? `id: ${event.seq}\n` : '';
  return `${id}event: ${event.type}\ndata: ${JSON.stringify(eventToWire(event))}\n\n`;
}

/**
 * The body of an event stream. An event is taken from the source only when the caller has read the one before; what a slow
 * caller misses is the source's to say. A comment goes out after each pause of `heartbeatMs`.
 *
 * @param first the source's first step, begun before the answer is sent, so that nothing that happens from then on is missed
 */
export function eventStream(
  events: AsyncIterator<TaskEvent | LiveReport>,
  first: Promise<IteratorResult<TaskEvent | LiveReport>>,
  { clock, heartbeatMs, eventsPerTurn, onEnd, onBroken }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  let step: Promise<IteratorResult<TaskEvent | LiveReport>> | undefined = first;
  let stopHeartbeat = (): void => {};
  let ended = false;
  let sent = 0;

  function beatLater(controller: ReadableStreamDefaultController<Uint8Array>): void {
    stopHeartbeat();
    stopHeartbeat = clock.after(heartbeatMs, () => {
      if (controller.desiredSize !== null && controller.desiredSize >= 0) controller.enqueue(HEARTBEAT);
      beatLater(controller);
    });
  }

  function end(): void {
    if (ended) return;
    ended = true;
    stopHeartbeat();
    onEnd();
  }

  return new ReadableStream<Uint8Array>(
    {
      start: beatLater,
      async pull(controller) {
        if (sent > 0 && sent % eventsPerTurn === 0) await nextTurn(clock);
        const result = await (step ?? events.next()).catch((error: unknown) => {
          onBroken(error);
          return undefined;
        });
        step = undefined;
        if (ended) return;
        if (result === undefined || result.done) {
          end();
          controller.close();
          return;
        }
        controller.enqueue(encoder.encode(sseMessage(result.value)));
        sent += 1;
        beatLater(controller);
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
