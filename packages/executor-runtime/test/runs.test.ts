import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ExecGoError, type TaskSpec } from '@execgo/core';
import { FakeRun, freshRun, spec, temporaryDirectory } from '@execgo/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntimeExecutor, type RuntimeClock, type RuntimeExecutorOptions } from '../src/index.js';
import { FakeRuntime } from './support/fake-runtime.js';

const LOOK = /^GET \/api\/v1\/tasks\/[^/]+$/;
const SUBMIT = /^POST \/api\/v1\/tasks$/;
const EVENTS = /events$/;
const KILL = /kill$/;

async function setUp(options: Partial<RuntimeExecutorOptions> = {}) {
  const runtime = await FakeRuntime.start();
  const make = () => createRuntimeExecutor({ url: runtime.url, pollMinMs: 5, pollMaxMs: 20, ...options });
  const executor = make();
  onTestFinished(async () => {
    await executor.close?.();
    await runtime.dispose();
  });
  return { runtime, executor, make };
}

function script(text: string, more: Partial<TaskSpec> = {}, input: object = {}): TaskSpec {
  return spec({ type: 'runtime', tool_name: 'script', input: { script: text, ...input }, ...more });
}

function command(program: string, ...args: string[]): TaskSpec {
  return spec({ type: 'runtime', tool_name: 'command', input: { program, args } });
}

const failureOf = (attempt: Promise<unknown>) =>
  attempt.then(
    (result) => expect.fail(`it succeeded: ${JSON.stringify(result)}`),
    (error: ExecGoError) => error,
  );

describe('a run', () => {
  it('is accepted under an id of its own before the runtime hears of it', async () => {
    const { runtime, executor } = await setUp();
    const run = freshRun();
    const heard: number[] = [];
    run.accept = async (handle) => {
      heard.push(runtime.count(SUBMIT));
      run.accepted.push(handle);
    };
    await executor.execute(script('exit 0', { id: 'ä task/with spaces' }), run);
    expect(heard).toEqual([0]);
    expect(run.accepted).toEqual([runtime.only.id]);
    expect(runtime.only.id).toMatch(/^-task-with-spaces-[0-9a-f-]{36}$/);
    expect(run.facts).toMatchObject({ runtime_task_id: runtime.only.id, artifacts: {}, usage: {} });
  });

  it('is told what the task says, and what the operator says where the task does not', async () => {
    const { runtime, executor } = await setUp({ tenant: 'acme', owner: 'ops' });
    const input = {
      limits: { memory_bytes: 1e9, unknown_limit: 1 },
      sandbox: { profile: 'process' },
      policy: { capability_mode: 'adaptive' },
      control_context: { owner: 'agent-1', labels: { a: 'b' } },
      metadata: { m: 'n' },
      task_id: "ignored: ids are the executor's",
    };
    const run = freshRun();
    await executor.execute(script('exit 0', { timeout: 60_000 }, input), run);
    const { task_id, ...request } = runtime.only.request as { task_id: string };
    expect(request).toEqual({
      execution: { kind: 'script', script: 'exit 0' },
      limits: {
        wall_time_ms: 60_000,
        stdout_max_bytes: 2 ** 20,
        stderr_max_bytes: 2 ** 20,
        memory_bytes: 1e9,
        unknown_limit: 1,
      },
      sandbox: input.sandbox,
      policy: input.policy,
      control_context: { tenant: 'acme', owner: 'agent-1', labels: { a: 'b' } },
      metadata: { m: 'n', execgo_task_id: 'a', execgo_run: run.runId },
    });
    expect(task_id).toBe(run.accepted[0]);
  });

  it('shows its output while it runs, and its events as progress, each once', async () => {
    const { runtime, executor } = await setUp();
    const run = freshRun();
    const attempt = executor.execute(script('echo one; exec sleep 3600'), run);
    attempt.catch(() => undefined);
    const isShown = () => run.outputText('stdout') === 'one\n' && run.notes.length > 1;
    while (!isShown()) await runtime.asked(LOOK, runtime.count(LOOK) + 1);
    run.abort();
    await failureOf(attempt);
    expect(run.outputText('stdout')).toBe('one\n');
    const events = run.notes.map(({ data }) => (data as { event?: string }).event);
    expect(events).toEqual([...new Set(events)]);
    expect(events.slice(0, 2)).toEqual(['accepted', 'started']);
    expect(run.notes[1]?.message).toMatch(/^pid \d+$/);
  });

  it('keeps no more output in its result than it may', async () => {
    const { executor } = await setUp({ maxOutputBytes: 5 });
    const run = freshRun();
    const result = await executor.execute(
      script('printf "aaaaü" >&2; printf 1234567', {}, { limits: { stdout_max_bytes: 6 } }),
      run,
    );
    expect(result).toMatchObject({ stdout: '12345', stderr: 'aaaa', truncated: true });
  });

  it('without a reason for its failure, or cancelled by another, fails and says so', async () => {
    const { runtime, executor } = await setUp();
    runtime.fault(LOOK, { status: 200, body: '{"status":"failed"}' });
    expect(await failureOf(executor.execute(command('true'), freshRun()))).toMatchObject({ code: 'external_failure' });
    runtime.fault(LOOK, { status: 200, body: '{"status":"cancelled","stdout":"so far"}' });
    expect(await failureOf(executor.execute(command('true'), freshRun()))).toMatchObject({
      code: 'cancelled',
      message: 'the run was cancelled at the runtime',
      details: { result: { stdout: 'so far' } },
    });
  });

  it('that failed keeps its output, and the words and the code of the runtime', async () => {
    const { runtime, executor } = await setUp();
    const failure = { code: 'memory_limit_exceeded', message: 'as the runtime says', details: { a: 1 } };
    runtime.fault(LOOK, { status: 200, body: JSON.stringify({ status: 'failed', error: failure }) });
    expect(await failureOf(executor.execute(command('true'), freshRun()))).toMatchObject({
      code: 'memory_limit_exceeded',
      message: 'as the runtime says',
      source: 'execgo-runtime',
      details: { runtime_code: failure.code, runtime_details: { a: 1 }, result: { exit_code: -1 } },
    });
  });
});

describe('an abort', () => {
  it('kills the run, with its owner, and keeps its output', async () => {
    const { runtime, executor } = await setUp({ owner: 'ops' });
    const run = freshRun();
    const attempt = executor.execute(script('echo begun; exec sleep 3600'), run);
    attempt.catch(() => undefined);
    while (run.outputText('stdout') !== 'begun\n') await runtime.asked(LOOK, runtime.count(LOOK) + 1);
    run.abort(new ExecGoError('timeout', 'the time is over'));
    expect(await failureOf(attempt)).toMatchObject({
      code: 'timeout',
      message: 'the time is over',
      retryable: true,
      final: false,
      details: { result: { stdout: 'begun\n' } },
    });
    expect(runtime.only.status).toBe('cancelled');
  });

  it('that the runtime refuses is told, and is final', async () => {
    const { runtime, executor } = await setUp();
    const run = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), run);
    await runtime.asked(LOOK);
    runtime.fault(KILL, { status: 403, body: '{"error":{"code":"permission_denied","message":"not yours"}}' });
    run.abort();
    expect(await failureOf(attempt)).toMatchObject({
      code: 'cancelled',
      message: 'cancelled by the test; the run could not be ended: not yours',
      final: true,
    });
  });

  it('while the submission is under way ends what was submitted', async () => {
    const { runtime, executor } = await setUp();
    const run = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), run);
    await runtime.asked(SUBMIT);
    run.abort();
    expect(await failureOf(attempt)).toMatchObject({ code: 'cancelled' });
    expect(runtime.alive).toBe(0);
  });

  it('does not wait for the events of the run', async () => {
    const { runtime, executor } = await setUp({ requestTimeoutMs: 60_000 });
    runtime.fault(EVENTS, 'hang');
    const run = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), run);
    await runtime.asked(EVENTS);
    run.abort();
    expect(await failureOf(attempt)).toMatchObject({ code: 'cancelled', final: false });
    expect(run.notes).toEqual([]);
    expect(runtime.alive).toBe(0);
  });

  it('while a submission hangs is given up killWaitMs after the abort', async () => {
    const { runtime, executor } = await setUp({ requestTimeoutMs: 60_000, killWaitMs: 100 });
    runtime.fault(SUBMIT, 'hang');
    const run = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), run);
    await runtime.asked(SUBMIT);
    run.abort();
    expect(await failureOf(attempt)).toMatchObject({
      code: 'cancelled',
      message: 'cancelled by the test; the run could not be ended: no end within 100 ms',
      final: true,
    });
  });

  it('does not wait for the run of an earlier attempt to end', async () => {
    const { runtime, executor } = await setUp({ requestTimeoutMs: 60_000, killWaitMs: 60_000 });
    const first = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), first);
    await runtime.asked(LOOK);
    await runtime.down();
    first.abort();
    await failureOf(attempt);
    await runtime.up();
    const kills = runtime.count(KILL);
    runtime.fault(KILL, 'hang');
    const second = freshRun({ attempt: 2 });
    const next = executor.execute(command('true'), second);
    await runtime.asked(KILL, kills + 1);
    second.abort();
    expect(await failureOf(next)).toMatchObject({ code: 'cancelled', final: false });
    expect(runtime.count(SUBMIT)).toBe(1);
  });

  it('while the runtime is away is made up for before the next run', async () => {
    const { runtime, executor } = await setUp({ requestTimeoutMs: 500 });
    const run = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), run);
    await runtime.asked(LOOK);
    await runtime.down();
    run.abort(new ExecGoError('timeout', 'the time is over'));
    expect(await failureOf(attempt)).toMatchObject({ code: 'timeout', final: true, retryable: false });
    expect(runtime.alive).toBe(1);
    await runtime.up();
    await executor.execute(command('true'), freshRun());
    expect(runtime.alive).toBe(0);
  });
});

describe('after a restart', () => {
  it('the run is attached to again: there is no second start', async () => {
    const { runtime, make } = await setUp();
    const folder = await temporaryDirectory();
    onTestFinished(() => folder.remove());
    const gate = join(folder.path, 'gate');
    const task = script(
      'echo begun; while [ ! -e "$GATE" ]; do sleep 0.01; done; echo done',
      {},
      { env: { GATE: gate } },
    );
    const before = make();
    const first = freshRun();
    const cutOff = failureOf(before.execute(task, first));
    await runtime.asked(LOOK);
    await before.close?.();

    const after = make();
    onTestFinished(() => after.close?.());
    const second = new FakeRun({ runId: first.runId, handle: first.accepted[0] as string });
    const attempt = after.execute(task, second);
    await runtime.asked(LOOK, runtime.count(LOOK) + 1);
    await writeFile(gate, '');
    expect(await attempt).toMatchObject({ stdout: 'begun\ndone\n', exit_code: 0 });
    expect(runtime.count(SUBMIT)).toBe(1);
    expect(second.accepted).toEqual([]);
    expect(second.outputText('stdout')).toBe('begun\ndone\n');
    expect(await cutOff).toMatchObject({ code: 'unavailable' });
  });

  it('a run that ended meanwhile gives its outcome', async () => {
    const { runtime, make } = await setUp();
    const [before, after] = [make(), make()];
    onTestFinished(async () => void (await Promise.all([before.close?.(), after.close?.()])));
    const first = freshRun();
    await failureOf(before.execute(script('echo out; exit 4'), first));
    const again = new FakeRun({ handle: first.accepted[0] as string });
    expect(await failureOf(after.execute(script('echo out; exit 4'), again))).toMatchObject({
      code: 'exit_nonzero',
      message: 'script failed: exit status 4',
      details: { result: { stdout: 'out\n', exit_code: 4 } },
    });
    expect(runtime.count(SUBMIT)).toBe(1);
  });

  it('a run that the runtime never heard of is submitted under the id that was accepted', async () => {
    const { runtime, executor } = await setUp();
    const run = new FakeRun({ handle: 'accepted-before-the-crash' });
    expect(await executor.execute(command('echo', 'x'), run)).toMatchObject({ stdout: 'x\n' });
    expect([runtime.only.id, run.accepted]).toEqual(['accepted-before-the-crash', []]);
  });

  it('a run that the stop of the earlier life has ended begins anew', async () => {
    const { runtime, executor, make } = await setUp();
    const first = freshRun();
    const attempt = executor.execute(command('sleep', '3600'), first);
    await runtime.asked(LOOK);
    first.abort(new ExecGoError('cancelled', 'the server is shutting down'));
    await failureOf(attempt);

    const later = make();
    onTestFinished(() => later.close?.());
    const second = new FakeRun({ handle: first.accepted[0] as string });
    expect(await later.execute(command('true'), second)).toMatchObject({ exit_code: 0 });
    expect(second.accepted).toHaveLength(1);
    expect(second.accepted).not.toEqual(first.accepted);
  });
});

describe('a runtime that is away', () => {
  it('at submit: external_failure, retryable, after a bounded number of tries', async () => {
    const { runtime, executor } = await setUp({ requestRetries: 2 });
    await runtime.down();
    const error = await failureOf(executor.execute(command('true'), freshRun()));
    expect(error).toMatchObject({ code: 'external_failure', retryable: true, final: false, source: 'execgo-runtime' });
    expect(error.message).toMatch(/^the runtime at 127\.0\.0\.1:\d+ cannot be reached: /);
    await expect(executor.health?.()).rejects.toMatchObject({ code: 'unavailable' });
    await runtime.up();
  });

  it('is asked for its health once in a few seconds, by whoever asks, and not waited for', async () => {
    let skewMs = 0;
    const clock: RuntimeClock = {
      monotonic: () => performance.now() + skewMs,
      after: (ms, fn) => {
        const timer = setTimeout(fn, ms);
        return () => clearTimeout(timer);
      },
    };
    const { runtime, executor } = await setUp({ requestTimeoutMs: 60_000, clock });
    runtime.fault(/readyz$/, 'hang');
    const silent = { code: 'unavailable', message: expect.stringMatching(/no answer within 500 ms$/) };
    for (const error of await Promise.all([1, 2].map(() => failureOf(Promise.resolve(executor.health?.()))))) {
      expect(error).toMatchObject(silent);
    }
    await expect(executor.health?.()).rejects.toMatchObject(silent);
    expect(runtime.count(/readyz$/)).toBe(1);
    skewMs = 3000;
    await executor.health?.();
    expect(runtime.count(/readyz$/)).toBe(2);
  });

  it('for a moment at submit costs nothing, and nothing runs twice', async () => {
    const { runtime, executor } = await setUp();
    runtime.fault(SUBMIT, { status: 503 });
    runtime.fault(SUBMIT, 'deaf');
    expect(await executor.execute(command('echo', 'once'), freshRun())).toMatchObject({ stdout: 'once\n' });
    expect([runtime.count(SUBMIT), runtime.tasks.size]).toEqual([3, 1]);
  });

  it('for a while during a run costs nothing', async () => {
    const { runtime, executor } = await setUp();
    runtime.fault(LOOK, 'cut', 3);
    runtime.fault(LOOK, { status: 502, body: 'bad gateway' });
    expect(await executor.execute(command('echo', 'x'), freshRun())).toMatchObject({ stdout: 'x\n' });
    expect(runtime.count(SUBMIT)).toBe(1);
  });

  it('for too long during a run: external_failure, retryable, and the next attempt ends the run before it begins', async () => {
    const { runtime, executor } = await setUp({ outageMs: 50 });
    const attempt = executor.execute(command('sleep', '3600'), freshRun());
    await runtime.asked(LOOK);
    await runtime.down();
    expect(await failureOf(attempt)).toMatchObject({ code: 'external_failure', retryable: true, final: false });
    expect(runtime.alive).toBe(1);
    await runtime.up();
    expect(await executor.execute(command('true'), freshRun({ attempt: 2 }))).toMatchObject({ exit_code: 0 });
    expect(runtime.alive).toBe(0);
  });

  it('and does not answer at all is away too', async () => {
    const { runtime, executor } = await setUp({ requestTimeoutMs: 50, requestRetries: 0 });
    runtime.fault(SUBMIT, 'hang');
    const error = await failureOf(executor.execute(command('true'), freshRun()));
    expect(error).toMatchObject({ code: 'external_failure', retryable: true });
    expect(error.message).toContain('no answer within 50 ms');
  });
});

describe('bad answers', () => {
  it.each([
    ['no JSON', 'welcome to nginx'],
    ['an unknown status', '{"status":"sleeping"}'],
  ])('to a look at a run: %s is an external_failure', async (_name, body) => {
    const { runtime, executor } = await setUp();
    runtime.fault(LOOK, { status: 200, body });
    const error = await failureOf(executor.execute(command('sleep', '3600'), freshRun()));
    expect(error).toMatchObject({ code: 'external_failure', retryable: true });
    expect(error.message).toContain('what is no status of a task');
  });

  it('more than the limit is not read', async () => {
    const { runtime, executor } = await setUp({ maxAnswerBytes: 1000 });
    runtime.fault(LOOK, { status: 200, body: JSON.stringify({ status: 'success', stdout: 'x'.repeat(5000) }) });
    const error = await failureOf(executor.execute(command('true'), freshRun()));
    expect(error.message).toMatch(/answered more than 1000 bytes$/);
  });

  it('events that cannot be read cost the notes alone', async () => {
    const { runtime, executor } = await setUp();
    runtime.fault(/events$/, { status: 200, body: '{"no":"events"}' }, 100);
    const run = freshRun();
    expect(await executor.execute(command('echo', 'x'), run)).toMatchObject({ stdout: 'x\n' });
    expect(run.notes[0]?.message).toContain('the events of the run could not be read');
  });

  it('a refusal of the run is told in the words and with the code of the runtime', async () => {
    const { executor } = await setUp({ tenant: 'nobody', requestRetries: 1 });
    expect(await failureOf(executor.execute(command('true'), freshRun()))).toMatchObject({
      code: 'resource_limit_exceeded',
      message: 'insufficient resources: tenant nobody',
      details: { runtime_code: 'insufficient_resources', http_status: 400 },
    });
    const { executor: other, runtime: full } = await setUp({ requestRetries: 1 });
    full.maxQueued = 0;
    const error = await failureOf(other.execute(command('true'), freshRun()));
    expect(error).toMatchObject({ code: 'resource_limit_exceeded', retryable: true });
    expect(full.count(SUBMIT)).toBe(2);
  });

  it('a run that the runtime forgets fails as not_found', async () => {
    const { runtime, executor } = await setUp();
    const attempt = failureOf(executor.execute(command('sleep', '3600'), freshRun()));
    await runtime.asked(LOOK);
    runtime.fault(LOOK, { status: 404, body: '{"error":{"code":"internal","message":"task not found"}}' }, 100);
    expect(await attempt).toMatchObject({ code: 'not_found' });
  });
});

describe('options', () => {
  it.each([
    [{ url: 'ftp://host' }, 'url'],
    [{ url: 'http://user:secret@host?x' }, 'url'],
    [{ url: 'nonsense' }, 'url'],
    [{ pollMinMs: 0 }, 'pollMinMs'],
    [{ pollMinMs: 10, pollMaxMs: 5 }, 'pollMaxMs'],
    [{ requestRetries: -1 }, 'requestRetries'],
    [{ owner: 'two words' }, 'owner'],
  ])('%j cannot be used', (options, name) => {
    const make = () => createRuntimeExecutor({ url: 'http://127.0.0.1:1', ...options });
    expect(make).toThrow(`option ${name}: expected`);
    expect(make).not.toThrow('secret');
  });

  it.each([
    ['http://host', 'host:80'],
    ['https://host/', 'host:443'],
    ['http://[::1]:18080/prefix', '[::1]:18080'],
  ])('%s is at %s', (url, address) => {
    expect(createRuntimeExecutor({ url }).address).toBe(address);
  });

  it('a prefix and credentials of the URL go into every request', async () => {
    const { runtime } = await setUp();
    const url = `${runtime.url.replace('http://', 'http://me:pass%20word@')}/behind/`;
    const executor = createRuntimeExecutor({ url });
    onTestFinished(() => executor.close?.());
    await expect(executor.health?.()).rejects.toMatchObject({ code: 'unavailable' });
    expect(runtime.requests).toEqual(['GET /behind/readyz']);
    expect(runtime.headers[0]?.authorization).toBe(`Basic ${btoa('me:pass word')}`);
  });
});
