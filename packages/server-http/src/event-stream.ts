import { nextTurn } from '@execgo/core';
import type { ServerClock } from './app-options.js';

const encoder = new TextEncoder();
/** Media type of an event stream. */
export const EVENT_STREAM = 'text/event-stream';
/** What keeps proxies from storing it, or holding it back. */
export const EVENT_STREAM_HEADERS = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };
const HEARTBEAT = encoder.encode(': heartbeat\n\n');

export interface EventStreamOptions<T> {
  /** Goes out at once, ahead of the first item. @default nothing */
  readonly opening?: string;
  /** The SSE message of an item (HTML standard, 9.2.6), with the empty line at its end. */
  readonly message: (item: T) => string;
  readonly clock: ServerClock;
  readonly heartbeatMs: number;
  /** After so many the event loop may turn: a long past is told without holding up others. */
  readonly eventsPerTurn: number;
  /** Called once, however the stream ends: ends the source. */
  readonly onEnd: () => void;
  /** Told why the source failed. The stream then ends, and the client, reconnecting, is told the reason. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * The body of an event stream. An event is taken from the source only when the caller has read the one before; what a slow
 * caller misses is the source's to say. A comment goes out after each pause of `heartbeatMs`.
 *
 * @param first the source's first step, begun before the answer is sent, so that nothing that happens from then on is missed
 */
export function eventStream<T>(
  events: AsyncIterator<T>,
  first: Promise<IteratorResult<T>>,
  { opening, message, clock, heartbeatMs, eventsPerTurn, onEnd, onBroken }: EventStreamOptions<T>,
): ReadableStream<Uint8Array> {
  let step: Promise<IteratorResult<T>> | undefined = first;
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
    // A source that waits for its reader would never see that there is none.
    void events.return?.().catch(() => {});
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (opening !== undefined) controller.enqueue(encoder.encode(opening));
        beatLater(controller);
      },
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
        controller.enqueue(encoder.encode(message(result.value)));
        sent += 1;
        beatLater(controller);
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
