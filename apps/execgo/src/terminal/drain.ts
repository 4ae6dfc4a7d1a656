import type { Writable } from 'node:stream';

/** Of a stream that is written to: one of a process, or another. */
type Written = Pick<Writable, 'writableNeedDrain' | 'writableLength' | 'destroyed' | 'once' | 'off' | 'write'>;

/** Resolves when the stream takes more without holding it in memory, or takes nothing any more. Never rejects. */
export function untilDrained(stream: Written): Promise<void> {
  if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
  return settled(stream, (done) => void stream.once('drain', done));
}

/** Resolves when everything that was written is with the system, or can never be. Never rejects. */
export function untilFlushed(stream: Written): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return Promise.resolve();
  // Writes are done in order, so that the end of an empty one is the end of all before it.
  return settled(stream, (done) => void stream.write('', done));
}

/** When it is done, or the stream has failed: then a write that is under way may never be told of. */
function settled(stream: Written, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done);
      resolve();
    };
    stream.once('close', done).once('error', done);
    begin(done);
  });
}
