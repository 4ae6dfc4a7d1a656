import { ExecGoError, isExecGoError, type Json, RUN_ERROR_CODES, toPlainJson } from '@execgo/core';
import { expect, it } from 'vitest';
import { FakeRun, freshRun } from '../fake-run.js';
import { type ExecutorFixture, type ExecutorSuiteOptions, STORE_OF_SUITE, specOf, useExecutor } from './fixture.js';

const RESULT_LIMITS = { maxBytes: 4 * 1024 * 1024, maxDepth: 64 };
const DEFAULT_ABORT_WITHIN_MS = 5_000;
const AT_ONCE = 8;

/** What attempts come to. */
export function runs<F extends ExecutorFixture>(options: ExecutorSuiteOptions<F>): void {
  const under = useExecutor(options);
  const { category } = options;

  it.each(options.succeeds)('succeeds: $name', async (one) => {
    const { fixture } = under;
    const run = freshRun();
    const result = await fixture.executor.execute(specOf(category, one, fixture), run);
    expectResult(result, one.result);
    if (one.leavesSignalAlone) expect(run.signalTouched).toBe(false);
  });

  if (options.fails.length > 0) {
    it.each(options.fails)('fails as $code: $name', async (one) => {
      const { fixture } = under;
      const error = await failureOf(fixture.executor.execute(specOf(category, one, fixture), freshRun()));
      expect(error).toMatchObject({ code: one.code });
      expectRunError(error);
      if (one.result !== undefined) expectResult((error as ExecGoError).details?.result, one.result);
    });
  }

  it(`attempts side by side do not mix: each case ${AT_ONCE} times at once`, async () => {
    const { fixture } = under;
    const cases = Array.from({ length: AT_ONCE }, () => options.succeeds).flat();
    const results = cases.map(async (one, at) => {
      const run = new FakeRun({ runId: `${STORE_OF_SUITE}/task-${at}/1` });
      const task = specOf(category, one, fixture);
      return { one, result: await fixture.executor.execute(task, run) };
    });
    for (const { one, result } of await Promise.all(results)) expectResult(result, one.result);
  });

  it('a failure does not disturb the attempt beside it', async () => {
    const { fixture } = under;
    for (const bad of options.fails) {
      // A run of its own: what an executor ends after one attempt it finds by the run's id.
      const run = freshRun();
      const failing = failureOf(fixture.executor.execute(specOf(category, bad, fixture), run));
      for (const one of options.succeeds) {
        expectResult(await fixture.executor.execute(specOf(category, one, fixture), freshRun()), one.result);
      }
      expect(await failing).toMatchObject({ code: bad.code });
    }
  });
}

/** How attempts end before their time. */
export function aborts<F extends ExecutorFixture>(options: ExecutorSuiteOptions<F>): void {
  const under = useExecutor(options);
  const { category, abortWithinMs = DEFAULT_ABORT_WITHIN_MS } = options;

  it.each(options.endless)('an attempt that begins aborted ends, and leaves nothing: $name', async (one) => {
    const { fixture } = under;
    const run = freshRun();
    run.abort();
    const attempt = failureOf(fixture.executor.execute(specOf(category, one, fixture), run));
    await endsInTime(attempt, abortWithinMs);
    await fixture.leavesNothing?.();
  });

  it.each(options.endless)('an abort ends the attempt in time, and leaves nothing: $name', async (one) => {
    const { fixture } = under;
    const run = freshRun();
    const attempt = failureOf(fixture.executor.execute(specOf(category, one, fixture), run));
    await one.begun?.(fixture, run);
    run.abort(new ExecGoError('timeout', 'the time is over'));
    expectRunError(await endsInTime(attempt, abortWithinMs));
    await fixture.leavesNothing?.();
  });

  it.each(options.endless)('an abort ends its own attempt alone: $name', async (one) => {
    const { fixture } = under;
    const [first, second] = [freshRun(), freshRun()];
    let secondEnded = false;
    const attempts = [first, second].map((run) =>
      failureOf(fixture.executor.execute(specOf(category, one, fixture), run)),
    );
    const other = attempts[1]?.then(() => {
      secondEnded = true;
    });
    await one.begun?.(fixture, first);
    await one.begun?.(fixture, second);
    first.abort();
    await endsInTime(attempts[0], abortWithinMs);
    expect(secondEnded).toBe(false);
    second.abort();
    await endsInTime(other, abortWithinMs);
    await fixture.leavesNothing?.();
  });

  it('good tasks still succeed after an abort', async () => {
    const { fixture } = under;
    for (const one of options.endless) {
      const run = freshRun();
      const attempt = failureOf(fixture.executor.execute(specOf(category, one, fixture), run));
      run.abort();
      await endsInTime(attempt, abortWithinMs);
    }
    for (const one of options.succeeds) {
      expectResult(await fixture.executor.execute(specOf(category, one, fixture), freshRun()), one.result);
    }
  });
}

function expectResult(result: unknown, expected: unknown): void {
  const plain = toPlainJson(result, RESULT_LIMITS);
  if (typeof expected === 'object' && expected !== null) expect(plain).toMatchObject(expected);
  else expect(plain).toEqual(expected);
  if (plain !== undefined) expect(JSON.parse(JSON.stringify(plain)) as Json).toEqual(plain);
}

function expectRunError(error: unknown): void {
  expect(isExecGoError(error)).toBe(true);
  const { code, message, details } = error as ExecGoError;
  expect(RUN_ERROR_CODES).toContain(code);
  expect(message).toMatch(/\S/);
  toPlainJson(details, RESULT_LIMITS);
}

/** What an attempt rejects with; fails the test when it succeeds. */
function failureOf(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    (result) => expect.fail(`the attempt succeeded with ${JSON.stringify(result)}`),
    (error: unknown) => error,
  );
}

async function endsInTime<T>(attempt: Promise<T> | undefined, withinMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ExecGoError('timeout', `the attempt is still running ${withinMs} ms after its abort`);
    timer = setTimeout(() => reject(error), withinMs);
  });
  try {
    return await Promise.race([attempt, late]);
  } finally {
    clearTimeout(timer);
  }
}
