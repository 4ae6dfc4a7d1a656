import { expect, it } from 'vitest';
import { fixture, modernOverStdio } from './support/servers.js';
import { useExecutor } from './support/use-executor.js';

const CALLS = 1_000;

it(`${CALLS} calls on two connections at once: each gets its own answer, and nothing of them is kept`, async () => {
  const settings = { maxConcurrency: 50 };
  const { call } = await useExecutor({
    servers: { one: fixture({}, settings), two: modernOverStdio(settings) },
  });
  const calls = Array.from({ length: CALLS }, async (_, at) => {
    const isSlow = at % 4 === 0;
    const text = `answer ${at}`;
    const answer = isSlow
      ? await call('one.sleep', { ms: at % 7, text })
      : await call(at % 2 === 0 ? 'one.echo' : 'two.echo', { text });
    expect(answer.text).toBe(text);
    return answer.text;
  });
  expect(new Set(await Promise.all(calls)).size).toBe(CALLS);
});
