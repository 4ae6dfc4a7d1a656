import { FakeClock, FakeRun } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { LiveOutput } from '../src/live-output.js';
import { runError } from '../src/run-error.js';
import { isOver, readEvents, readStatus } from '../src/run-status.js';
import { SharedTimer } from '../src/shared-timer.js';

it.each([
  ['exit_non_zero', 'exit_nonzero'],
  ['memory_limit_exceeded', 'memory_limit_exceeded'],
  ['cpu_limit_exceeded', 'cpu_limit_exceeded'],
  ['resource_limit_exceeded', 'resource_limit_exceeded'],
  ['insufficient_resources', 'resource_limit_exceeded'],
  ['sandbox_setup_failed', 'sandbox_setup_failed'],
  ['unsupported_capability', 'sandbox_setup_failed'],
  ['launch_failed', 'launch_failed'],
  ['invalid_input', 'invalid_input'],
  ['timeout', 'timeout'],
  ['cancelled', 'cancelled'],
  ['permission_denied', 'denied'],
  ['internal', 'external_failure'],
  ['something_new', 'external_failure'],
])('what the runtime calls %s is %s', (code, expected) => {
  const error = runError({ code, message: '', details: undefined });
  expect([error.code, error.message]).toEqual([expected, `the runtime says ${code}`]);
});

describe('readStatus', () => {
  it.each([undefined, null, 'text', 5, [], {}, { status: 'sleeping' }, { status: null }])(
    '%j is no status',
    (answer) => {
      expect(readStatus(answer)).toBeUndefined();
    },
  );

  it('takes what it needs, and passes over members of another type', () => {
    expect(
      readStatus({ status: 'failed', stdout: 5, exit_code: 'x', error: 'boom', usage: { duration_ms: 1 } }),
    ).toEqual({
      status: 'failed',
      updatedAt: '',
      stdout: '',
      stderr: '',
      truncated: false,
      exitCode: undefined,
      exitSignal: undefined,
      durationMs: undefined,
      error: undefined,
      facts: { usage: { duration_ms: 1 } },
    });
  });

  it('a run is over when it has one of three statuses', () => {
    const over = ['accepted', 'running', 'success', 'failed', 'cancelled'].filter((status) => {
      const read = readStatus({ status });
      return read !== undefined && isOver(read);
    });
    expect(over).toEqual(['success', 'failed', 'cancelled']);
  });
});

it('events come as an array or in an object', () => {
  const event = { seq: 1, event_type: 'started', message: 'm', data: { a: 1 } };
  const read = [{ seq: 1, type: 'started', message: 'm', data: { a: 1 } }];
  expect(readEvents([event, 'x', { seq: '2' }])).toEqual(read);
  expect(readEvents({ events: [event] })).toEqual(read);
  expect(readEvents({ list: [] })).toBeUndefined();
});

describe('live output', () => {
  async function shown(...looks: readonly string[]): Promise<string> {
    const run = new FakeRun();
    const live = new LiveOutput('stdout', run);
    for (const [at, text] of looks.entries()) await live.show(text, at === looks.length - 1);
    return run.outputText('stdout');
  }

  it('is what has come since the last look', async () => {
    expect(await shown('', 'a', 'a', 'ab\n', 'ab\ncd')).toBe('ab\ncd');
  });

  it('holds half a character back until the rest has come, or nothing more will', async () => {
    expect(await shown('a\ufffd', 'aü', 'aü!')).toBe('aü!');
    expect(await shown('a', 'a\ufffd')).toBe('a\ufffd');
  });

  it('ends where the runtime shows another part than before', async () => {
    expect(await shown('abc', 'bcd', 'abcdef')).toBe('abc');
  });
});

describe('the shared timer', () => {
  it('wakes each pause at its time, on one timer of the clock', async () => {
    const clock = new FakeClock();
    let armed = 0;
    const counted = {
      monotonic: () => clock.monotonic(),
      after: (ms: number, fn: () => void) => {
        armed += 1;
        return clock.after(ms, fn);
      },
    };
    const timer = new SharedTimer(counted);
    const woken: string[] = [];
    const pauses = ['300', '100', '200', '200'].map((ms) => timer.pause(Number(ms)).then(() => woken.push(ms)));
    await clock.advance(150);
    expect(woken).toEqual(['100']);
    await clock.advance(150);
    await Promise.all(pauses);
    expect(woken).toEqual(['100', '200', '200', '300']);
    expect(armed).toBeLessThanOrEqual(4);
  });

  it('a signal ends its pause alone, and closing ends all with an error', async () => {
    const timer = new SharedTimer(new FakeClock());
    const controller = new AbortController();
    const [mine, other] = [timer.pause(1e6, controller.signal), timer.pause(1e6)];
    controller.abort();
    await mine;
    await timer.pause(1e6, controller.signal);
    timer.close();
    await expect(other).rejects.toMatchObject({ code: 'unavailable' });
    await expect(timer.pause(1)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
