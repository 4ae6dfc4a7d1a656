import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { untilDrained, untilFlushed } from '../src/terminal/drain.js';

it('a stream that takes more is not waited for, one that does not is until it is read', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  await untilDrained(stream);
  stream.write('more than four');
  let isDrained = false;
  const drained = untilDrained(stream).then(() => {
    isDrained = true;
  });
  await new Promise(setImmediate);
  expect(isDrained).toBe(false);
  stream.resume();
  await drained;
  expect(stream.listenerCount('drain') + stream.listenerCount('error')).toBe(0);
});

it('everything that was written is flushed when the last write is done', async () => {
  const pending: (() => void)[] = [];
  const stream = new Writable({ write: (_chunk, _encoding, done) => void pending.push(done) });
  await untilFlushed(stream);
  stream.write('a');
  stream.write('b');
  let isFlushed = false;
  const flushed = untilFlushed(stream).then(() => {
    isFlushed = true;
  });
  for (let step = 0; step < 3; step += 1) {
    expect(isFlushed).toBe(false);
    pending.shift()?.();
    await new Promise(setImmediate);
  }
  await flushed;
});

it('a stream that has failed is not waited for', async () => {
  const stream = new Writable({ highWaterMark: 1, write() {} });
  stream.on('error', () => {});
  stream.write('never taken');
  const waits = Promise.all([untilDrained(stream), untilFlushed(stream)]);
  stream.destroy(new Error('gone'));
  await waits;
  await Promise.all([untilDrained(stream), untilFlushed(stream)]);
});
