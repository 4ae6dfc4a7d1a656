import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { ExecGoError } from '@execgo/core';
import { openSandbox } from '@execgo/process';
import { FakeClock, FakeRun, living, spec, until } from '@execgo/testkit';
import { describe, expect, it, vi } from 'vitest';
import type { McpServerSettings } from '../src/index.js';
import { fixture } from './support/servers.js';
import { AT_ONCE_MS, noted, sharedExecutor, useExecutor } from './support/use-executor.js';

const sandbox = await openSandbox();
const one = sharedExecutor(() => ({ servers: { one: fixture() } }));
const pidOf = async (executor: { call(tool: string): Promise<{ text: string }> }) =>
  Number((await executor.call('one.pid')).text);

describe('the result of a call', () => {
  it('is {content, structured_content?, text, server, tool}', async () => {
    const { call } = await one();
    expect(await call('one.echo', { text: 'hi' })).toEqual({
      content: [{ type: 'text', text: 'hi' }],
      text: 'hi',
      server: 'one',
      tool: 'echo',
    });
    expect(await call('one.add', { a: 1, b: 2 })).toMatchObject({ text: '3', structured_content: { sum: 3 } });
  });

  it('isError is a failed task with code external_failure, whose details keep the content', async () => {
    const { failure } = await one();
    const error = await failure('one.fail', { text: 'no such thing' });
    expect(error).toMatchObject({ code: 'external_failure', message: 'no such thing', retryable: false });
    expect(error.details?.result).toMatchObject({ text: 'no such thing', server: 'one', tool: 'fail' });
  });

  it('a long text of a failure is cut in the message and whole in the result', async () => {
    const { failure } = await one();
    const text = 'x'.repeat(5_000);
    const error = await failure('one.fail', { text });
    expect(error.message.length).toBeLessThan(2_100);
    expect(error.details?.result).toMatchObject({ text });
  });

  it.each(['mistyped', 'unstructured'])('one that breaks the schema of its tool is the result: %s', async (tool) => {
    const { executor, call } = await one();
    await executor.tools();
    expect(await call(`one.${tool}`)).toMatchObject({ text: 'done' });
  });

  it('an error of the protocol is a failed task too', async () => {
    const { failure } = await one();
    const error = await failure('one.refuse');
    expect(error).toMatchObject({ code: 'external_failure', retryable: false });
    expect(error.message).toContain('refused by the fixture');
  });
});

describe('how a tool is named', () => {
  it('input {server, tool, arguments} calls the same', async () => {
    const { executor } = await one();
    const input = { server: 'one', tool: 'echo', arguments: { text: 'hi' } };
    const task = spec({ type: 'mcp', tool_name: undefined, input });
    await executor.check?.(task);
    expect(await executor.execute(task, new FakeRun())).toMatchObject({ text: 'hi', server: 'one', tool: 'echo' });
  });

  it('params serve where there is no input', async () => {
    const { executor } = await one();
    const task = spec({ type: 'mcp', tool_name: 'one.echo', params: { text: 'p' } });
    expect(await executor.execute(task, new FakeRun())).toMatchObject({ text: 'p' });
  });

  it('demo.echo echoes {tool_name, echo} where no server is named demo', async () => {
    const { call, check } = await useExecutor({ servers: {} });
    await check({ tool_name: 'demo.echo', input: { a: 1 } });
    expect(await call('demo.echo', { a: 1 })).toEqual({ tool_name: 'demo.echo', echo: { a: 1 } });
    const real = await useExecutor({ servers: { demo: fixture() } });
    expect(await real.call('demo.echo', { text: 'real' })).toMatchObject({ text: 'real', server: 'demo' });
  });
});

describe('a run', () => {
  it('accepts its task id once, before the call', async () => {
    const { call } = await one();
    const run = new FakeRun();
    await call('one.echo', { text: 'hi' }, run);
    expect(run.accepted).toEqual(['a']);
  });

  it('passes progress on, the last note too', async () => {
    const { call } = await one();
    const run = new FakeRun();
    await call('one.steps', { steps: 3 }, run);
    expect(run.notes).toEqual([
      { message: 'step 1', data: { progress: 1, total: 3 } },
      { message: 'step 2', data: { progress: 2, total: 3 } },
      { message: 'step 3', data: { progress: 3, total: 3 } },
    ]);
  });

  it('an abort rejects at once with the reason of the signal, and the server is told', async () => {
    const { call, failure } = await one();
    const run = new FakeRun();
    const failed = failure('one.forever', {}, run);
    await noted(run, 'begun');
    const reason = new ExecGoError('timeout', 'the time is over');
    run.abort(reason);
    expect(await failed).toBe(reason);
    expect((await call('one.cancelled')).text).toBe('1');
  });

  it('timeoutMs ends a call that gives no sign of life', async () => {
    const { failure, clock } = await withClock({ timeoutMs: 300 });
    const error = await clock.runUntil(failure('one.forever'));
    expect(error).toMatchObject({ code: 'timeout', retryable: false });
    expect(error.message).toContain('timeoutMs');
    expect(clock.monotonic()).toBe(300);
  });

  it('progress is a sign of life', async () => {
    const { call, clock } = await withClock({ timeoutMs: 300 });
    const run = new (class extends FakeRun {
      override progress(message: string, data?: unknown): void {
        super.progress(message, data);
        void clock.advance(299);
      }
    })();
    expect((await call('one.steps', { steps: 20, everyMs: 20 }, run)).text).toBe('done');
    expect(clock.monotonic()).toBeGreaterThan(300);
  });

  it('a server that hangs is replaced after three calls that timed out without a word of it', async () => {
    const { call, failure, notes, clock } = await withClock({ timeoutMs: 300 });
    const before = await pidOf({ call });
    for (const tool of ['one.hang', 'one.pid', 'one.pid']) {
      expect(notes).toEqual([]);
      expect(await clock.runUntil(failure(tool))).toMatchObject({ code: 'timeout' });
    }
    expect(notes.map(({ message }) => message)).toEqual([expect.stringContaining('it is replaced')]);
    expect(await pidOf({ call })).not.toBe(before);
  });

  it('a server that speaks while calls of it time out is left alone', async () => {
    const { call, failure, notes, clock } = await withClock({ timeoutMs: 300 });
    const before = await pidOf({ call });
    for (let at = 0; at < 4; at += 1) {
      const run = new FakeRun();
      const failed = failure('one.forever', {}, run);
      await noted(run, 'begun');
      expect(await clock.runUntil(failed)).toMatchObject({ code: 'timeout' });
    }
    expect(await pidOf({ call })).toBe(before);
    expect(notes).toEqual([]);
  });

  it('maxTotalTimeoutMs ends a call however much progress it makes', async () => {
    const { failure, clock } = await withClock({ maxTotalTimeoutMs: 200 });
    const run = new FakeRun();
    const failed = failure('one.steps', { steps: 1_000_000, everyMs: 1 }, run);
    await noted(run, 'step 1');
    const error = await clock.runUntil(failed);
    expect(error).toMatchObject({ code: 'timeout' });
    expect(error.message).toContain('maxTotalTimeoutMs');
    expect(clock.monotonic()).toBe(200);
  });
});

/** A server that is connected, and whose times pass when the test says so. */
async function withClock(settings: McpServerSettings) {
  const clock = new FakeClock();
  const executor = await useExecutor({ servers: { one: fixture({}, settings) }, clock });
  await executor.call('one.echo', { text: 'connected' });
  return { ...executor, clock };
}

describe('maxConcurrency', () => {
  it('further calls wait, and an abort takes a waiting one out of the queue', async () => {
    const { call, failure } = await useExecutor({ servers: { one: fixture({}, { maxConcurrency: 1 }) } });
    const first = new FakeRun();
    const forever = failure('one.forever', {}, first);
    await noted(first, 'begun');
    const second = new FakeRun();
    const waiting = failure('one.forever', {}, second);
    const third = call('one.echo', { text: 'at last' });
    second.abort();
    expect(await waiting).toMatchObject({ code: 'cancelled' });
    expect(second.accepted).toEqual([]);
    first.abort();
    await forever;
    expect((await third).text).toBe('at last');
  });
});

describe('a server that dies', () => {
  it('fails its call at once and the next call works', async () => {
    const { call, failure } = await useExecutor({ servers: { one: fixture() } });
    const before = await pidOf({ call });
    const run = new FakeRun();
    const failed = failure('one.forever', {}, run);
    await noted(run, 'begun');
    const start = performance.now();
    process.kill(before, 'SIGKILL');
    const error = await failed;
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    expect(error).toMatchObject({ code: 'external_failure', retryable: false, final: true });
    expect(error.message).toContain('may have been carried out');
    expect(await pidOf({ call })).not.toBe(before);
  });

  it('a lost call may be retried where the tool is idempotent or read-only', async () => {
    const { executor, failure } = await useExecutor({ servers: { one: fixture() } });
    await executor.tools();
    expect(await failure('one.die')).toMatchObject({ retryable: false, final: true });
    expect(await failure('one.die-repeatable')).toMatchObject({ retryable: true, final: false });
  });

  it('one that died between calls is started again within the call', async () => {
    const { call, notes } = await useExecutor({ servers: { one: fixture() } });
    const before = await pidOf({ call });
    process.kill(before, 'SIGKILL');
    await until(() => notes.some(({ message }) => message.includes('lost')));
    expect(await pidOf({ call })).not.toBe(before);
  });
});

describe('a server that cannot be started', () => {
  const quick = { restart: { maxAttempts: 2, baseMs: 10, maxMs: 60_000 }, connectTimeoutMs: 15_000 };

  it('fails with what it said, is broken after maxAttempts, and health names it', async () => {
    const { failure, executor, toolNames, check } = await useExecutor({
      servers: { one: fixture({ exitCode: 7 }, quick), two: fixture() },
    });
    const first = await failure('one.echo', { text: 'x' });
    expect(first).toMatchObject({ code: 'external_failure', retryable: true });
    expect(first.message).toContain('exit status 7');
    expect(first.message).toContain('something is missing here');
    await expect(executor.health?.()).rejects.toMatchObject({ message: expect.stringContaining('one') });
    await failure('one.echo', { text: 'x' });
    const start = performance.now();
    const broken = await failure('one.echo', { text: 'x' });
    expect(broken.message).toContain('is broken');
    expect(performance.now() - start).toBeLessThan(quick.connectTimeoutMs);
    expect((await toolNames()).every((name) => name.startsWith('two.'))).toBe(true);
    await check({ tool_name: 'one.echo', input: { text: 'x' } });
  });

  it('no such command', async () => {
    const { failure } = await useExecutor({ servers: { one: { command: '/nowhere/at-all', execgo: quick } } });
    const error = await failure('one.echo');
    expect(error).toMatchObject({ code: 'launch_failed' });
    expect(error.message).toContain('command not found');
  });

  it('one that never answers costs connectTimeoutMs and leaves nothing', async () => {
    const settings = { connectTimeoutMs: 300, era: 'auto' as const };
    const { failure, storeId } = await useExecutor({ servers: { one: fixture({ silent: true }, settings) } });
    const start = performance.now();
    const error = await failure('one.echo', { text: 'x' });
    expect(error.message).toContain('connectTimeoutMs');
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(living(storeId)).toEqual([]);
  });

  it('one that asks for a sandbox is not started without', async () => {
    const { failure } = await useExecutor({ servers: { one: fixture({}, { sandbox: true }) } });
    expect(await failure('one.echo', { text: 'x' })).toMatchObject({ code: 'sandbox_setup_failed' });
  });

  it.skipIf(sandbox.state.in_force === 'none')(
    `one that asks for a sandbox runs in it, and sees the folders it was given (${sandbox.state.reason ?? 'bubblewrap'})`,
    async () => {
      const seen = { readable: [process.cwd(), dirname(process.execPath)] };
      const { call } = await useExecutor({
        servers: { one: fixture({}, { sandbox: { network: false, ...seen } }), two: fixture() },
        confinement: sandbox.confinement,
      });
      expect((await call('one.echo', { text: 'x' })).text).toBe('x');
      // A namespace has pids of its own.
      expect(await pidOf({ call })).toBeLessThan(10);
      expect((await call('two.echo', { text: 'x' })).text).toBe('x');
    },
  );

  it.skipIf(sandbox.state.in_force === 'none')('one whose sandbox cannot be made is not started', async () => {
    const { failure } = await useExecutor({
      servers: {
        nowhere: fixture({}, { sandbox: { readable: ['/not/there'] } }),
        unseen: { command: '/not/there/server', execgo: { sandbox: true } },
      },
      confinement: sandbox.confinement,
    });
    expect(await failure('nowhere.echo', { text: 'x' })).toMatchObject({ code: 'sandbox_setup_failed' });
    expect((await failure('unseen.echo')).message).toContain('command not found: ');
  });

  it('one that ends when it is asked for its era is taken for what it is', async () => {
    const { call } = await useExecutor({ servers: { one: fixture({ endsOnProbe: true }, { era: 'auto' }) } });
    expect((await call('one.echo', { text: 'legacy' })).text).toBe('legacy');
  });
});

describe('what a server writes', () => {
  it('floods of stderr and noise on stdout disturb no call, and are told once', async () => {
    const { call, notes } = await useExecutor({ servers: { one: fixture() } });
    expect((await call('one.noise', { bytes: 20_000_000 })).text).toBe('noisy');
    expect((await call('one.echo', { text: 'still here' })).text).toBe('still here');
    expect(notes.filter(({ message }) => message.includes('stdout'))).toHaveLength(3);
  });

  it.each([false, true])('a message over maxMessageBytes fails its call alone (id last: %s)', async (idLast) => {
    const { call, failure } = await useExecutor({ servers: { one: fixture() }, maxMessageBytes: 100_000 });
    const before = await pidOf({ call });
    const beside = call('one.sleep', { ms: 300, text: 'beside' });
    const error = await failure('one.huge', { bytes: 5_000_000, idLast });
    expect(error.message).toContain('maxMessageBytes (100000)');
    expect((await beside).text).toBe('beside');
    expect(await pidOf({ call })).toBe(before);
  });
});

describe('close', () => {
  it('ends the server and all that it started, in its group and out of it', async () => {
    const { call, executor, storeId } = await useExecutor({ servers: { one: fixture() } });
    const mark = `3600.${randomUUID().replace(/\D/g, '').slice(0, 8)}`;
    await call('one.grandchildren', { mark });
    await until(() => living(`sleep ${mark}`).length === 2);
    await executor.close?.();
    expect(living(mark)).toEqual([]);
    expect(living(storeId)).toEqual([]);
  });

  it('also one that ignores the end of stdin and SIGTERM', async () => {
    const { call, executor } = await useExecutor({ servers: { one: fixture({ stubborn: true }) } });
    const pid = await pidOf({ call });
    await executor.close?.();
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('what a dead server left behind is ended without waiting for close', async () => {
    const { call, failure } = await useExecutor({ servers: { one: fixture() } });
    const mark = `3600.${randomUUID().replace(/\D/g, '').slice(0, 8)}`;
    await call('one.grandchildren', { mark });
    await failure('one.die');
    await until(() => living(mark).length === 0);
  });

  it('open ends what an earlier life of the store left running', async () => {
    const earlier = await useExecutor({ servers: { one: fixture() } });
    const pid = await pidOf(earlier);
    const later = await useExecutor({ servers: {} });
    await later.executor.open?.({ storeId: earlier.storeId });
    expect(pid).toBeGreaterThan(0);
    expect(living(earlier.storeId)).toEqual([]);
  });

  it('idleTimeoutMs closes a connection that nobody uses; the next call opens it again', async () => {
    const { call, storeId } = await useExecutor({ servers: { one: fixture({}, { idleTimeoutMs: 50 }) } });
    const before = await pidOf({ call });
    await until(() => living(storeId).length === 0);
    expect(await pidOf({ call })).not.toBe(before);
  });
});

describe('the environment of a server', () => {
  it('holds what is declared and nothing else of this process', async () => {
    vi.stubEnv('MCP_TEST_SECRET', 'not for children');
    const { call } = await useExecutor({ servers: { one: { ...fixture(), env: { DECLARED: 'yes' } } } });
    const { text } = await call('one.environment');
    expect(text.split(' ')).toContain('DECLARED');
    expect(text).not.toContain('MCP_TEST_SECRET');
    expect(text.split(' ').filter((name) => name.startsWith('EXECGO_'))).toEqual(['EXECGO_RUN']);
  });
});
