import { FakeClock } from '@execgo/testkit';
import { expect, it } from 'vitest';
import { ProgressSender } from '../src/progress-sender.js';

function sender(reject = false) {
  const clock = new FakeClock();
  const sent: { progress: number; total?: number; message: string }[] = [];
  const made = new ProgressSender({
    clock,
    intervalMs: 100,
    silenceMs: 10_000,
    send: async (progress) => {
      sent.push(progress);
      if (reject) throw new Error('gone');
    },
  });
  return { clock, sent, sender: made, messages: () => sent.map(({ message }) => message) };
}

it('sends at most one in the interval, and of what comes between the newest', async () => {
  const { clock, sender: progress, messages } = sender();
  for (const message of ['a', 'b', 'c']) progress.tell({ message });
  expect(messages()).toEqual(['a']);
  await clock.advance(100);
  expect(messages()).toEqual(['a', 'c']);
  progress.close();
});

it('says after a silence that it is still under way, and for how long', async () => {
  const { clock, sender: progress, messages } = sender();
  await clock.advance(10_000);
  progress.tell({ message: 'half way' });
  await clock.advance(25_000);
  expect(messages()).toEqual(['under way (10 s)', 'half way', 'half way (20 s)', 'half way (30 s)']);
  progress.close();
  await clock.advance(60_000);
  progress.tell({ message: 'late' });
  expect(messages()).toHaveLength(4);
});

it('every number is larger than the one before, and a count is told as it is', async () => {
  const { clock, sent, sender: progress } = sender();
  for (const done of [0, 1, 1, 1, 3]) {
    progress.tell({ message: `${done}`, counted: { done, total: 3 } });
    await clock.advance(100);
  }
  expect(sent.map((one) => one.progress)).toEqual([0.5, 1, 1.5, 1 + 2 / 3, 3]);
  expect(sent.every(({ total }) => total === 3)).toBe(true);
  progress.close();
});

it('sends nothing more to a client that is gone', async () => {
  const { clock, sent, sender: progress } = sender(true);
  progress.tell({ message: 'a' });
  await clock.advance(60_000);
  expect(sent).toHaveLength(1);
});
