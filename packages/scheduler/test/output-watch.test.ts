import { OUTPUT_STREAMS, type OutputItem, type OutputStream } from '@execgo/core';
import { deferred, FakeClock, fails, graphInput, hangs, succeeds, taskInput, waitsForRelease } from '@execgo/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startKernel } from './support/kernel.js';
import { asBytes, OutputReader, TestOutputStore, writes } from './support/output.js';

async function kernelWith(outputStore = new TestOutputStore()) {
  return startKernel({ outputStore });
}

describe('whoever watches the output of a task', () => {
  it('is told what is captured, then what comes, and at last how it ended', async () => {
    const kernel = await kernelWith();
    const go = deferred();
    kernel.executor.script('a', async ({ run, released }) => {
      run.output('stdout', asBytes('before'));
      await go.promise;
      run.output('stderr', asBytes('after'));
      await released;
    });
    await kernel.submit(graphInput({ a: [] }));
    const reader = new OutputReader();
    const following = reader.follow(kernel.scheduler.watchOutput('a'));
    await kernel.clock.settle();
    expect(reader.items).toEqual(['attempt 1', 'stdout before']);
    go.resolve();
    await kernel.clock.settle();
    expect(reader.items).toEqual(['attempt 1', 'stdout before', 'stderr after']);
    kernel.executor.release('a');
    await kernel.clock.runUntil(following);
    expect(reader.items.at(-1)).toBe('end success');
  });

  it('may come before the task begins, and sees every attempt from its start', async () => {
    const kernel = await kernelWith();
    kernel.executor.script('first', waitsForRelease());
    kernel.executor.script('a', writes([['stdout', 'one']], fails()), writes([['stdout', 'two']]));
    await kernel.submit({
      tasks: [taskInput({ id: 'first' }), taskInput({ id: 'a', depends_on: ['first'], retry: 1 })],
    });
    const reader = new OutputReader();
    const following = reader.follow(kernel.scheduler.watchOutput('a'));
    await kernel.clock.settle();
    expect(reader.items).toEqual([]);
    kernel.executor.release('first');
    await kernel.clock.runUntil(following);
    expect(reader.items).toEqual(['attempt 1', 'stdout one', 'attempt 2', 'stdout two', 'end success']);
  });

  it('of a finished task is told all of it at once, from the result or from the store', async () => {
    const kernel = await kernelWith();
    kernel.executor.script('a', writes([['stdout', 'in the result']], succeeds({ stdout: 'in the result' })));
    kernel.executor.script('b', writes([['stdout', 'in the store']]));
    await kernel.run(graphInput({ a: [], b: [] }));
    const [a, b] = await Promise.all(
      ['a', 'b'].map((id) => new OutputReader().follow(kernel.scheduler.watchOutput(id))),
    );
    expect(a?.items).toEqual(['attempt 1', 'stdout in the result', 'end success']);
    expect(b?.items).toEqual(['attempt 1', 'stdout in the store', 'end success']);
  });

  it.each([
    ['cancelled', 'end failed'],
    ['skipped', 'end skipped'],
  ])('of a task that is %s before it begins hears of its end', async (_how, end) => {
    const kernel = await kernelWith();
    kernel.executor.script('first', hangs());
    await kernel.submit(graphInput({ first: [], a: ['first'] }));
    const reader = new OutputReader();
    const following = reader.follow(kernel.scheduler.watchOutput('a'));
    await kernel.clock.settle();
    await kernel.clock.runUntil(kernel.scheduler.cancel(end === 'end failed' ? 'a' : 'first'));
    await kernel.clock.runUntil(following);
    expect(reader.items).toEqual([end]);
  });

  it('goes on from where it was; from another run it begins at the start', async () => {
    const kernel = await kernelWith();
    kernel.executor.script(
      'a',
      writes([
        ['stdout', '0123456789'],
        ['stderr', 'abc'],
      ]),
    );
    await kernel.run(graphInput({ a: [] }));
    const { run } = await kernel.scheduler.output('a');
    const items: OutputItem[] = [];
    for await (const item of kernel.scheduler.watchOutput('a', { from: { run, stdout: 7, stderr: 3 } }))
      items.push(item);
    expect(items).toEqual([
      { type: 'output', run, attempt: 1, stream: 'stdout', offset: 7, chunk: asBytes('789') },
      { type: 'end', status: 'success' },
    ]);
    const stale = await new OutputReader().follow(
      kernel.scheduler.watchOutput('a', { from: { run: 'of another life', stdout: 7, stderr: 3 } }),
    );
    expect(stale.items).toEqual(['attempt 1', 'stdout 0123456789', 'stderr abc', 'end success']);
  });

  it('is told of the end without a status when the task is deleted, or its id submitted again', async () => {
    for (const again of [false, true]) {
      const kernel = await kernelWith();
      kernel.executor.script(
        'a',
        writes([
          ['stdout', 'x'],
          ['stderr', 'y'],
        ]),
      );
      await kernel.run(graphInput({ a: [] }));
      const items = kernel.scheduler.watchOutput('a')[Symbol.asyncIterator]();
      expect((await items.next()).value).toMatchObject({ type: 'attempt' });
      if (again) await kernel.run(graphInput({ a: [] }));
      else await kernel.clock.runUntil(kernel.scheduler.remove('a'));
      const rest: unknown[] = [];
      for (let step = await items.next(); !step.done; step = await items.next()) rest.push(step.value);
      expect(rest.at(-1)).toEqual({ type: 'end', status: undefined });
    }
  });

  it.each(['removed alone', 'deleted with its task', 'replaced by a submission of the same id'])(
    'is never given the shortened result in place of output that is %s meanwhile',
    async (how) => {
      const outputStore = new TestOutputStore();
      const kernel = await kernelWith(outputStore);
      const written = 'x'.repeat(200 * 1024);
      const shortened = `x${'y'.repeat(150 * 1024)}x`;
      kernel.executor.script('a', writes([['stdout', written]], succeeds({ stdout: shortened, truncated: true })));
      await kernel.run(graphInput({ a: [] }));
      await kernel.clock.settle();
      const items = kernel.scheduler.watchOutput('a')[Symbol.asyncIterator]();
      expect((await items.next()).value).toMatchObject({ type: 'attempt' });
      expect((await items.next()).value).toMatchObject({ type: 'output', offset: 0 });
      if (how.startsWith('removed')) await outputStore.remove((await kernel.stored('a'))?.submitted_seq as number);
      else if (how.startsWith('deleted')) await kernel.clock.runUntil(kernel.scheduler.remove('a'));
      else await kernel.run(graphInput({ a: [] }));
      await kernel.clock.settle();
      const next = items.next();
      if (how.startsWith('removed')) await expect(next).rejects.toMatchObject({ code: 'unavailable' });
      else expect((await next).value).toEqual({ type: 'end', status: undefined });
    },
  );

  it('is refused for a task that is not there', async () => {
    const kernel = await kernelWith();
    const items = kernel.scheduler.watchOutput('none')[Symbol.asyncIterator]();
    await expect(items.next()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('ends with its signal, and with the kernel, without an end being told', async () => {
    const kernel = await kernelWith();
    kernel.executor.script('a', writes([['stdout', 'x']], hangs()));
    await kernel.submit(graphInput({ a: [] }));
    const abort = new AbortController();
    const [left, stayed] = [new OutputReader(), new OutputReader()];
    const leaving = left.follow(kernel.scheduler.watchOutput('a', { signal: abort.signal }));
    const staying = stayed.follow(kernel.scheduler.watchOutput('a'));
    await kernel.clock.settle();
    abort.abort();
    await kernel.clock.runUntil(leaving);
    expect(left.items).toEqual(['attempt 1', 'stdout x']);
    await kernel.stop();
    await staying;
    expect(stayed.items).toEqual(['attempt 1', 'stdout x']);
  });

  it('and reads nothing costs nothing: the task goes on, and later everything is there', async () => {
    const kernel = await kernelWith();
    const megabyte = new Uint8Array(1024 * 1024).fill(46);
    kernel.executor.script('a', async ({ run }) => {
      for (let at = 0; at < 8; at += 1) await run.output('stdout', megabyte);
    });
    const items = kernel.scheduler.watchOutput('a')[Symbol.asyncIterator]();
    await kernel.submit(graphInput({ a: [] }));
    expect((await items.next()).value).toMatchObject({ type: 'attempt' });
    await kernel.end('a');
    let bytes = 0;
    let largest = 0;
    for (let step = await items.next(); !step.done; step = await items.next()) {
      if (step.value.type !== 'output') continue;
      bytes += step.value.chunk.length;
      largest = Math.max(largest, step.value.chunk.length);
    }
    expect(bytes).toBe(8 * megabyte.length);
    expect(largest).toBe(64 * 1024);
  });
});

describe('whatever is written, however it is cut, whoever reads', () => {
  const write = fc.record({
    stream: fc.constantFrom<OutputStream>(...OUTPUT_STREAMS),
    data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    pauseMs: fc.constantFrom(0, 0, 1, 3),
  });
  const attempt = fc.record({ writes: fc.array(write, { maxLength: 12 }), repeats: fc.boolean() });
  const life = fc.record({
    attempts: fc.array(attempt, { minLength: 1, maxLength: 3 }),
    bufferBytes: fc.constantFrom(0, 20, 100, 100_000),
    /** When readers come, and how long each of their steps takes. */
    readers: fc.array(fc.record({ atMs: fc.nat(250), stepMs: fc.constantFrom(0, 1, 20) }), {
      minLength: 1,
      maxLength: 4,
    }),
    slowStore: fc.boolean(),
  });

  it('every reader sees every byte of the last attempt once and in order, and any range can be read while it runs and after', async () => {
    await fc.assert(
      fc.asyncProperty(
        life,
        fc.nat(60),
        fc.nat(60),
        async ({ attempts, bufferBytes, readers, slowStore }, start, length) => {
          const clock = new FakeClock();
          const outputStore = slowStore ? new SlowOutputStore(clock) : new TestOutputStore();
          const kernel = await startKernel({ clock, outputStore, outputBufferBytes: bufferBytes });
          const { scheduler } = kernel;
          const problems: string[] = [];
          const written = { stdout: [] as number[], stderr: [] as number[] };
          const behaviours = attempts.map(
            ({ writes: pieces, repeats }, at) =>
              async ({ run }: Parameters<ReturnType<typeof succeeds>>[0]) => {
                written.stdout = [];
                written.stderr = [];
                for (const { stream, data, pauseMs } of pieces) {
                  written[stream].push(...data);
                  await run.output(stream, data);
                  if (pauseMs > 0) await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
                  const read = await scheduler.readOutput('a', stream, { start, end: start + length });
                  const expected = written[stream].slice(start, start + length);
                  if (String(Array.from(read)) !== String(expected))
                    problems.push(`${run.attempt}: ${stream} read ${read.length}`);
                }
                if (at < attempts.length - 1) return fails()({ run } as never);
                const asText = (stream: OutputStream) => new TextDecoder().decode(Uint8Array.from(written[stream]));
                return repeats ? { stdout: asText('stdout'), stderr: asText('stderr') } : undefined;
              },
          );
          kernel.executor.script('a', ...(behaviours as [ReturnType<typeof succeeds>]));
          await kernel.submit({ tasks: [taskInput({ id: 'a', retry: attempts.length - 1 })] });
          const following = readers.map(({ atMs, stepMs }) => {
            const reader = new OutputReader();
            return new Promise<OutputReader>((resolve, reject) => {
              clock.after(atMs, () => {
                const slowly = async () => {
                  for await (const item of scheduler.watchOutput('a')) {
                    reader.take(item);
                    if (stepMs > 0) await new Promise<void>((next) => clock.after(stepMs, next));
                  }
                  return reader;
                };
                slowly().then(resolve, reject);
              });
            });
          });
          await kernel.end('a');
          for (const reader of await clock.runUntil(Promise.all(following))) {
            problems.push(...reader.problems);
            expect(reader.items.at(-1)).toBe('end success');
            expect(reader.runs.at(-1)).toEqual(written);
          }
          for (const stream of OUTPUT_STREAMS) {
            expect([...(await scheduler.readOutput('a', stream))]).toEqual(written[stream]);
            const part = await scheduler.readOutput('a', stream, { start, end: start + length });
            expect([...part]).toEqual(written[stream].slice(start, start + length));
          }
          expect(problems).toEqual([]);
          expect(scheduler.stats().outputsIncomplete).toBe(0);
          await kernel.stop();
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Takes every append a little later. */
class SlowOutputStore extends TestOutputStore {
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly clock: FakeClock) {
    super();
  }

  override append(...call: Parameters<TestOutputStore['append']>): Promise<void> {
    const [key, stream, chunk] = call;
    const copy = new Uint8Array(chunk);
    this.last = this.last.then(async () => {
      await new Promise<void>((resolve) => this.clock.after(1, resolve));
      await super.append(key, stream, copy);
    });
    return this.last;
  }

  override async finish(...call: Parameters<TestOutputStore['finish']>): Promise<void> {
    await this.last;
    await super.finish(...call);
  }
}
