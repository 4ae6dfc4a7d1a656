import type { JsonObject } from '@execgo/core';
import { nextTurn } from '@execgo/core';
import type { ServerClock } from './app-options.js';
import { cutConnection } from './bindings.js';
import type { Call } from './call.js';

export interface ArrayAnswerOptions {
  readonly clock: ServerClock;
  /** Told what broke the stream off. */
  readonly onBroken: (error: unknown) => void;
}

const encoder = new TextEncoder();

/**
 * A bare JSON array of everything that comes in batches: one batch in memory at a time, written as fast as the caller reads.
 * What fails before the second batch is thrown, and becomes an error answer; later, the connection is broken off, so that
 * nobody takes half an array for the whole.
 */
export async function arrayAnswer(
  call: Call,
  batches: AsyncIterator<readonly JsonObject[]>,
  { clock, onBroken }: ArrayAnswerOptions,
): Promise<Response> {
  const first = await batches.next();
  const second = first.done ? first : await batches.next();
  if (call.isHead) {
    await batches.return?.();
    return call.answer(200, 'application/json', null);
  }
  const start = `[${first.done ? '' : itemsOf(first.value)}`;
  if (second.done) return call.answer(200, 'application/json', `${start}]`);

  const opening = `${start},${itemsOf(second.value)}`;
  const stream = arrayStream(opening, batches, clock, (error) => {
    onBroken(error);
    return cutConnection(call.context.env);
  });
  return call.answer(200, 'application/json', stream);
}

/**
 * Pulled, never pushed: with a high-water mark of 0 a batch is fetched only when the one before has been taken; and each in
 * a turn of its own, because a fast reader and a store in memory would otherwise keep the event loop to themselves.
 *
 * @param onBroken whether it has cut the connection: the stream is then cancelled, and need not fail
 */
function arrayStream(
  opening: string,
  batches: AsyncIterator<readonly JsonObject[]>,
  clock: ServerClock,
  onBroken: (error: unknown) => boolean,
): ReadableStream<Uint8Array> {
  let text: string | undefined = opening;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          await nextTurn(clock);
          text ??= await nextText(batches);
        } catch (error) {
          if (!onBroken(error)) controller.error(error);
          return;
        }
        controller.enqueue(encoder.encode(text ?? ']'));
        if (text === undefined) controller.close();
        text = undefined;
      },
      async cancel() {
        await batches.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

async function nextText(batches: AsyncIterator<readonly JsonObject[]>): Promise<string | undefined> {
  const { done, value } = await batches.next();
  return done ? undefined : `,${itemsOf(value)}`;
}

/** Never called for an empty batch: whoever makes batches leaves those out. */
function itemsOf(batch: readonly JsonObject[]): string {
  return batch.map((item) => JSON.stringify(item)).join(',');
}
