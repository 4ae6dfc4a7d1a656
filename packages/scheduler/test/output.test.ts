import {
  type Behaviour,
  deferred,
  fails,
  graphInput,
  hangs,
  succeeds,
  taskInput,
  waitsForRelease,
} from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { JournalStore } from './support/journal-store.js';
import { type KernelSetup, startKernel, type TestKernel } from './support/kernel.js';
import {
  asBytes,
  asText,
  diskFull,
  type Piece,
  QueueingOutputStore,
  TestOutputStore,
  writes,
} from './support/output.js';
import { refusal } from './support/refusal.js';

const KIB = 1024;
const LARGE = 'x'.repeat(70 * KIB);

async function kernelWith(setup: Omit<KernelSetup, 'outputStore'> & { readonly outputStore?: TestOutputStore } = {}) {
  const outputStore = setup.outputStore ?? new TestOutputStore();
  return { outputStore, kernel: await startKernel({ ...setup, outputStore }) };
}

/** Runs one task that does this, and gives its captured streams. */
async function outputOf(kernel: TestKernel, id: string, ...behaviours: readonly Behaviour[]) {
  kernel.executor.script(id, ...behaviours);
  await kernel.submit({ tasks: [taskInput({ id, retry: behaviours.length - 1 })] });
  await kernel.end(id);
  return captured(kernel, id);
}

async function captured({ scheduler }: TestKernel, id: string) {
  const { attempt, status, live, stdout, stderr } = await scheduler.output(id);
  const read = async (stream: 'stdout' | 'stderr') => asText(await scheduler.readOutput(id, stream));
  return {
    attempt,
    status,
    live,
    stdout: { ...stdout, text: await read('stdout') },
    stderr: { ...stderr, text: await read('stderr') },
  };
}

const whole = (text: string) => {
  const bytes = asBytes(text).length;
  return { bytes, kept: bytes, truncated: false, text };
};

describe('where output is kept', () => {
  it('a result that repeats both streams byte for byte: nowhere else, and it is read from there', async () => {
    const { kernel, outputStore } = await kernelWith();
    const pieces: Piece[] = [
      ['stdout', 'grüße '],
      ['stderr', 'hm'],
      ['stdout', 'aus 東京\n'],
    ];
    const seen = await outputOf(
      kernel,
      'a',
      writes(pieces, succeeds({ stdout: 'grüße aus 東京\n', stderr: 'hm', exit_code: 0 })),
    );
    expect(seen).toMatchObject({
      attempt: 1,
      status: 'success',
      live: false,
      stdout: whole('grüße aus 東京\n'),
      stderr: whole('hm'),
    });
    expect(outputStore.calls).toEqual([]);
  });

  it('so does the result that a failure leaves', async () => {
    const { kernel, outputStore } = await kernelWith();
    const failing = fails('exit_nonzero', 'no', { details: { result: { stdout: '', stderr: 'boom' } } });
    expect(await outputOf(kernel, 'a', writes([['stderr', 'boom']], failing))).toMatchObject({
      status: 'failed',
      stderr: whole('boom'),
    });
    expect(outputStore.calls).toEqual([]);
  });

  it.each<[string, Piece[], unknown]>([
    ['no result', [['stdout', 'text']], undefined],
    ['a result that is no object', [['stdout', 'text']], 'text'],
    ['a result with other text', [['stdout', 'text']], { stdout: 'texT' }],
    ['a result with less', [['stdout', 'text']], { stdout: 'tex' }],
    ['a result with more', [['stdout', 'text']], { stdout: 'text', stderr: 'and this' }],
    [
      'a result without one of the streams',
      [
        ['stdout', 'text'],
        ['stderr', 'why'],
      ],
      { stdout: 'text' },
    ],
    ['a result whose field is no string', [['stdout', '7']], { stdout: 7 }],
    [
      'bytes that are no UTF-8, which the result shows with replacement characters',
      [['stdout', Uint8Array.of(0xff)]],
      { stdout: '\ufffd' },
    ],
    ['characters of another length', [['stdout', 'éé']], { stdout: 'eeee' }],
  ])('%s: what was written goes to the store, before the end is told', async (_name, pieces, result) => {
    const { kernel, outputStore } = await kernelWith();
    outputStore.hold();
    kernel.executor.script('a', writes(pieces, succeeds(result)));
    await kernel.submit(graphInput({ a: [] }));
    expect(kernel.history('a')).not.toContain('task_succeeded');
    expect((await kernel.scheduler.get('a')).status).not.toBe('success');
    outputStore.release();
    await kernel.end('a');
    expect(outputStore.written.at(-1)).toBe('finish 2.1');
    for (const stream of ['stdout', 'stderr'] as const) {
      const expected = pieces.filter(([name]) => name === stream).flatMap(([, bytes]) => [...asBytes(bytes)]);
      expect([...(await kernel.scheduler.readOutput('a', stream))]).toEqual(expected);
    }
  });

  it('fields that a prototype would have are not the result’s own', async () => {
    const { kernel } = await kernelWith();
    await outputOf(kernel, 'a', succeeds(JSON.parse('{"__proto__": {"stdout": "inherited"}}')));
    expect((await kernel.scheduler.output('a')).stdout.bytes).toBe(0);
  });

  it('up to 64 KiB in memory, and more in the store, while it runs and after', async () => {
    const { kernel, outputStore } = await kernelWith();
    const go = deferred();
    const first = 'a'.repeat(64 * KIB);
    kernel.executor.script('a', async ({ run, released }) => {
      await run.output('stdout', asBytes(first));
      await go.promise;
      await run.output('stderr', asBytes('b'));
      await released;
    });
    await kernel.submit(graphInput({ a: [] }));
    expect(await captured(kernel, 'a')).toMatchObject({ live: true, stdout: whole(first) });
    expect(outputStore.calls).toEqual([]);
    go.resolve();
    await kernel.clock.settle();
    expect(outputStore.calls).toEqual(['append 2.1 stdout', 'append 2.1 stderr']);
    expect(await captured(kernel, 'a')).toMatchObject({ live: true, stdout: whole(first), stderr: whole('b') });
    kernel.executor.release('a', { stdout: first, stderr: 'b' });
    await kernel.end('a');
    expect(await captured(kernel, 'a')).toMatchObject({ live: false, stdout: whole(first), stderr: whole('b') });
    expect(outputStore.calls.at(-1)).toBe('finish 2.1');
  });

  it('chunks are copied: the executor may use its buffer again', async () => {
    const { kernel } = await kernelWith();
    const chunk = Buffer.from('first');
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of kernel.scheduler.watch({ live: true })) {
        if (event.type === 'task_output') seen.push(asText(event.chunk));
        if (event.type === 'task_succeeded') return;
      }
    })();
    await outputOf(kernel, 'a', async ({ run }) => {
      run.output('stdout', chunk);
      chunk.write('again');
      run.output('stdout', chunk);
      chunk.fill(0);
    });
    await watching;
    expect(seen).toEqual(['first', 'again']);
    expect(asText(await kernel.scheduler.readOutput('a', 'stdout'))).toBe('firstagain');
  });

  it('an attempt that writes nothing costs the store nothing', async () => {
    const { kernel, outputStore } = await kernelWith();
    await kernel.run({ tasks: [taskInput({ id: 'a', retry: 1 }), taskInput({ id: 'b' })] });
    expect(outputStore.calls).toEqual([]);
    expect(await captured(kernel, 'a')).toMatchObject({ attempt: 1, stdout: whole(''), stderr: whole('') });
  });

  it('the store’s own limit: more is counted, and said to be truncated', async () => {
    const { kernel } = await kernelWith({ outputStore: new TestOutputStore({ maxBytesPerAttempt: 66 * KIB }) });
    const seen = await outputOf(kernel, 'a', writes([['stdout', LARGE]], succeeds({ stdout: '…', truncated: true })));
    expect(seen.stdout).toMatchObject({ bytes: 70 * KIB, kept: 66 * KIB, truncated: true });
  });
});

describe('without an output store', () => {
  it('what the result holds is the output, and the first 64 KiB of what runs', async () => {
    const kernel = await startKernel();
    kernel.executor.script('a', writes([['stdout', LARGE]], waitsForRelease()));
    await kernel.submit(graphInput({ a: [] }));
    expect((await captured(kernel, 'a')).stdout).toMatchObject({ bytes: 70 * KIB, kept: 64 * KIB, truncated: true });
    kernel.executor.release('a', { stdout: LARGE });
    await kernel.end('a');
    expect((await captured(kernel, 'a')).stdout).toEqual(whole(LARGE));
    expect(kernel.scheduler.stats().outputsIncomplete).toBe(0);
  });

  it('a result that holds a part only, or nothing, is said to be truncated', async () => {
    const kernel = await startKernel();
    const cut = await outputOf(
      kernel,
      'a',
      writes([['stdout', LARGE]], succeeds({ stdout: 'x … x', truncated: true })),
    );
    expect(cut.stdout).toMatchObject({ bytes: 70 * KIB, truncated: true, text: 'x … x' });
    const none = await outputOf(kernel, 'b', writes([['stdout', 'gone']]));
    expect(none.stdout).toEqual({ bytes: 4, kept: 0, truncated: true, text: '' });
  });
});

describe('attempts and lives', () => {
  it('of a retried task the newest attempt alone is kept', async () => {
    const { kernel, outputStore } = await kernelWith();
    const first = writes([['stdout', `first ${LARGE}`]], fails());
    kernel.executor.script('a', first, writes([['stdout', 'second']], waitsForRelease()));
    await kernel.submit({ tasks: [taskInput({ id: 'a', retry: 1 })] });
    expect(await captured(kernel, 'a')).toMatchObject({
      attempt: 1,
      live: false,
      status: 'pending',
      stdout: whole(`first ${LARGE}`),
    });
    await kernel.clock.advance(100);
    expect(await captured(kernel, 'a')).toMatchObject({ attempt: 2, live: true, stdout: whole('second') });
    expect(await outputStore.taskSeqs()).toEqual([]);
    kernel.executor.release('a', { stdout: 'second' });
    await kernel.end('a');
    expect(await captured(kernel, 'a')).toMatchObject({ attempt: 2, live: false, stdout: whole('second') });
  });

  it('an attempt whose end the store could not take in time does not take away what the next one writes', async () => {
    const outputStore = new QueueingOutputStore();
    const { kernel } = await kernelWith({ outputStore });
    kernel.executor.script(
      'a',
      async ({ run }) => {
        await run.output('stdout', asBytes(`first ${LARGE}`));
        outputStore.hang();
        return fails()({ run } as never);
      },
      async ({ run }) => {
        void run.output('stdout', asBytes(`second ${LARGE}`));
        return fails()({ run } as never);
      },
      async ({ run, released }) => {
        void run.output('stdout', asBytes(`third ${LARGE}`));
        await released;
        await run.output('stdout', asBytes(LARGE));
      },
    );
    await kernel.submit({ tasks: [taskInput({ id: 'a', retry: 2 })] });
    await kernel.clock.advance(21_000);
    expect((await kernel.scheduler.output('a')).attempt).toBe(3);
    outputStore.goOn();
    await kernel.clock.settle();
    kernel.executor.release('a');
    await kernel.end('a');
    expect((await captured(kernel, 'a')).stdout).toEqual(whole(`third ${LARGE}${LARGE}`));
  });

  it('a silent attempt has no output, whatever the one before wrote', async () => {
    const { kernel, outputStore } = await kernelWith();
    const seen = await outputOf(kernel, 'a', writes([['stderr', LARGE]], fails()), succeeds());
    expect(seen).toMatchObject({ attempt: 2, stdout: whole(''), stderr: whole('') });
    expect(await outputStore.taskSeqs()).toEqual([]);
  });

  it('the output of a failed attempt that waits for its next one is that of its result too', async () => {
    const { kernel, outputStore } = await kernelWith();
    const failing = fails('external_failure', 'no', { details: { result: { stdout: 'tried' } } });
    kernel.executor.script('a', writes([['stdout', 'tried']], failing), succeeds());
    await kernel.submit({ tasks: [taskInput({ id: 'a', retry: 1 })] });
    expect(await captured(kernel, 'a')).toMatchObject({ attempt: 1, status: 'pending', stdout: whole('tried') });
    expect(outputStore.calls).toEqual([]);
  });

  it('a cancelled attempt keeps what it wrote', async () => {
    const { kernel } = await kernelWith();
    kernel.executor.script('a', writes([['stdout', 'half']], hangs()));
    await kernel.submit(graphInput({ a: [] }));
    await kernel.clock.runUntil(kernel.scheduler.cancel('a'));
    expect(await captured(kernel, 'a')).toMatchObject({ status: 'failed', live: false, stdout: whole('half') });
  });

  it('a cancel that comes while output is being put away finds a success', async () => {
    const { kernel, outputStore } = await kernelWith();
    outputStore.hold();
    kernel.executor.script('a', writes([['stdout', 'all of it']]));
    await kernel.submit(graphInput({ a: [] }));
    const cancelled = refusal(kernel.scheduler.cancel('a'));
    await kernel.clock.settle();
    outputStore.release();
    expect(await kernel.clock.runUntil(cancelled)).toMatchObject({ code: 'conflict' });
    expect((await kernel.stored('a'))?.status).toBe('success');
  });

  it('what an abandoned attempt writes late is dropped', async () => {
    const { kernel } = await kernelWith();
    const late = deferred();
    kernel.executor.script('a', async ({ run, released }) => {
      run.output('stdout', asBytes('in time'));
      await late.promise;
      run.output('stdout', asBytes(' too late'));
      await released;
    });
    await kernel.submit({ tasks: [taskInput({ id: 'a', timeout: 10 })] });
    await kernel.end('a');
    late.resolve();
    await kernel.clock.settle();
    expect((await captured(kernel, 'a')).stdout).toEqual(whole('in time'));
    kernel.executor.release('a');
  });

  it('goes with the task: deleted', async () => {
    const { kernel, outputStore } = await kernelWith();
    await outputOf(kernel, 'a', writes([['stdout', LARGE]]));
    expect(await outputStore.taskSeqs()).toEqual([2]);
    await kernel.clock.runUntil(kernel.scheduler.remove('a'));
    expect(await outputStore.taskSeqs()).toEqual([]);
    expect(await refusal(kernel.scheduler.output('a'))).toMatchObject({ code: 'not_found' });
  });

  it('goes with the task: replaced by a submission of the same id', async () => {
    const { kernel, outputStore } = await kernelWith();
    await outputOf(kernel, 'a', writes([['stdout', LARGE]]));
    const run = (await kernel.scheduler.output('a')).run;
    const again = await outputOf(kernel, 'a', writes([['stdout', 'new']]));
    await kernel.clock.settle();
    expect(again).toMatchObject({ attempt: 1, stdout: whole('new') });
    expect(await outputStore.taskSeqs()).toHaveLength(1);
    expect(await refusal(kernel.scheduler.readOutput('a', 'stdout', { run }))).toMatchObject({ code: 'conflict' });
  });

  it('what a crash interrupted is not shown as the output of the attempt that runs again, even if that is silent', async () => {
    const outputStore = new TestOutputStore();
    const first = await startKernel({ outputStore });
    first.executor.script('a', writes([['stdout', LARGE]], hangs()));
    await first.submit(graphInput({ a: [] }));
    await first.clock.advance(50);
    const journal = first.crash();
    await outputStore.close();
    expect(await outputStore.taskSeqs()).toEqual([2]);

    const { kernel } = await kernelWith({ journal, outputStore });
    await kernel.end('a');
    expect(await captured(kernel, 'a')).toMatchObject({ attempt: 1, status: 'success', stdout: whole('') });
    expect(await outputStore.taskSeqs()).toEqual([]);
  });

  it('a stop gives up the output of what will run again, and closes the store after what it flushed', async () => {
    const { kernel, outputStore } = await kernelWith();
    kernel.executor.script('a', writes([['stdout', 'in vain']], hangs()));
    kernel.executor.script('b', writes([['stdout', 'kept']], hangs()));
    await kernel.submit({ tasks: [taskInput({ id: 'a' }), taskInput({ id: 'b', on_interrupt: 'fail' })] });
    await kernel.stop();
    expect(outputStore.written).toEqual(['append 3.1 stdout', 'finish 3.1']);
    expect([outputStore.closed, kernel.store.closed]).toEqual([1, 1]);
    expect(await kernel.stored('b')).toMatchObject({ status: 'failed' });
  });

  it('a task store that has lost its end does not give the output of a lost task to a new one with the same seq', async () => {
    const outputStore = new TestOutputStore();
    const first = await startKernel({ outputStore });
    const kept = await outputOf(first, 'a', writes([['stdout', LARGE]]));
    const backup = [...first.store.journal];
    await outputOf(first, 'b', writes([['stdout', `secret ${LARGE}`]]));
    const lost = (await first.stored('b'))?.submitted_seq;
    await first.stop();

    const { kernel } = await kernelWith({ journal: backup, outputStore });
    expect(await outputStore.taskSeqs()).toEqual([(await kernel.stored('a'))?.submitted_seq]);
    const silent = await outputOf(kernel, 'c', succeeds());
    expect((await kernel.stored('c'))?.submitted_seq).toBe(lost);
    expect(silent.stdout).toEqual(whole(''));
    expect((await captured(kernel, 'a')).stdout).toEqual(kept.stdout);
  });

  it('output that a new task could be given, and that cannot be removed, keeps the kernel from starting', async () => {
    const outputStore = new TestOutputStore();
    await outputStore.open({ storeId: 'journal' });
    await outputStore.append({ submittedSeq: 7, attempt: 1 }, 'stdout', asBytes('secret'));
    await outputStore.close();
    outputStore.refusal = diskFull();
    await expect(startKernel({ outputStore })).rejects.toMatchObject({ code: 'unavailable' });
    expect(outputStore.closed).toBe(2);
  });

  it('at the start, outputs of tasks that are no more are removed, and nothing else', async () => {
    const store = new JournalStore();
    const outputStore = new TestOutputStore();
    const first = await startKernel({ store, outputStore });
    await outputOf(first, 'a', writes([['stdout', LARGE]]));
    await outputOf(first, 'b', writes([['stdout', LARGE]]));
    await first.stop();
    const [a, b] = await Promise.all([first.stored('a'), first.stored('b')]);
    const seqs = [a?.submitted_seq, b?.submitted_seq];
    expect(await outputStore.taskSeqs()).toEqual(seqs);
    await outputStore.open({ storeId: 'journal' });
    // A deletion that crashed in its midst, and something that never was a task.
    await outputStore.append({ submittedSeq: 1, attempt: 1 }, 'stdout', asBytes('graph'));
    await outputStore.close();

    const { kernel } = await kernelWith({ journal: store.journal, outputStore });
    await kernel.clock.settle();
    expect(await outputStore.taskSeqs()).toEqual(seqs);
    expect((await captured(kernel, 'a')).stdout).toEqual(whole(LARGE));
  });
});

describe('when the output store fails', () => {
  it.each([
    ['at the first write', 0],
    ['later on', 1],
  ])(
    '%s: the task succeeds, the output says that it is not whole, and health, stats and the log tell',
    async (_name, writesBefore) => {
      const told: string[] = [];
      const outputStore = new TestOutputStore();
      const { kernel } = await kernelWith({ outputStore, onOutputProblem: (error) => told.push(error.message) });
      const go = deferred();
      kernel.executor.script('a', async ({ run }) => {
        for (let at = 0; at < writesBefore; at += 1) await run.output('stdout', asBytes(LARGE));
        await go.promise;
        await run.output('stdout', asBytes(LARGE));
        await run.output('stderr', asBytes('unheard'));
        return { ok: true };
      });
      await kernel.submit(graphInput({ a: [] }));
      outputStore.refusal = diskFull();
      go.resolve();
      const task = await kernel.end('a');
      expect(task).toMatchObject({ status: 'success', result: { ok: true } });
      const { stdout, stderr } = await kernel.scheduler.output('a');
      expect(stdout).toMatchObject({ bytes: (writesBefore + 1) * 70 * KIB, truncated: true });
      expect(stderr).toEqual({ bytes: 7, kept: 0, truncated: true });
      expect(told).toEqual(['output of task "a", attempt 1, is not kept whole: no space left on device']);
      expect(kernel.scheduler.stats().outputsIncomplete).toBe(1);
      expect(await kernel.scheduler.health()).toEqual({ state: 'ok', problems: { output: told[0] } });

      outputStore.refusal = undefined;
      expect((await outputOf(kernel, 'b', writes([['stdout', LARGE]]))).stdout).toEqual(whole(LARGE));
      expect((await kernel.scheduler.health()).problems).toEqual({});
    },
  );

  it('what its result repeats is whole all the same', async () => {
    const { kernel, outputStore } = await kernelWith();
    outputStore.refusal = diskFull();
    const seen = await outputOf(kernel, 'a', writes([['stdout', LARGE]], succeeds({ stdout: LARGE })));
    expect(seen.stdout).toEqual(whole(LARGE));
  });

  it('a store that does not answer holds up the end of a task for ten seconds at most', async () => {
    const told: string[] = [];
    const { kernel, outputStore } = await kernelWith({ onOutputProblem: ({ message }) => told.push(message) });
    outputStore.hold();
    kernel.executor.script('a', writes([['stdout', 'lost']]));
    await kernel.submit(graphInput({ a: [] }));
    await kernel.clock.advance(9_999);
    expect(kernel.scheduler.stats().running).toBe(1);
    await kernel.clock.advance(1);
    expect((await kernel.stored('a'))?.status).toBe('success');
    expect(told).toEqual([expect.stringContaining('did not answer within 10000 ms')]);
    outputStore.release();
  });

  it('a store that does not answer holds up an executor for ten seconds at most; what came before stays readable', async () => {
    const told: string[] = [];
    const { kernel, outputStore } = await kernelWith({ onOutputProblem: ({ message }) => told.push(message) });
    outputStore.hold();
    let went = 0;
    kernel.executor.script('a', async ({ run, released }) => {
      for (const text of ['early', LARGE, LARGE]) {
        await run.output('stdout', asBytes(text));
        went += 1;
      }
      await released;
    });
    await kernel.submit(graphInput({ a: [] }));
    await kernel.clock.advance(9_999);
    expect(went).toBe(1);
    await kernel.clock.advance(1);
    expect(went).toBe(3);
    expect(told).toEqual([expect.stringContaining('did not answer within 10000 ms')]);
    const { stdout } = await captured(kernel, 'a');
    expect(stdout).toEqual({ bytes: 5 + 2 * 70 * KIB, kept: 5, truncated: true, text: 'early' });
    outputStore.release();
  });

  it('a store that does not answer holds up a deletion for ten seconds at most', async () => {
    const outputStore = new QueueingOutputStore();
    const told: string[] = [];
    const { kernel } = await kernelWith({ outputStore, onOutputProblem: ({ message }) => told.push(message) });
    await outputOf(kernel, 'a', writes([['stdout', LARGE]]));
    outputStore.hang();
    let isRemoved = false;
    const removed = kernel.scheduler.remove('a').then(() => {
      isRemoved = true;
    });
    await kernel.clock.advance(9_999);
    expect(isRemoved).toBe(false);
    await kernel.clock.advance(1);
    expect(isRemoved).toBe(true);
    await removed;
    expect(told).toEqual([expect.stringContaining('did not answer within 10000 ms')]);
    expect(await refusal(kernel.scheduler.get('a'))).toMatchObject({ code: 'not_found' });
    outputStore.goOn();
    await kernel.clock.settle();
    expect(await outputStore.taskSeqs()).toEqual([]);
  });

  it('what is in memory stays readable where it came too fast for the store and was refused by it then', async () => {
    const outputStore = new QueueingOutputStore();
    const { kernel } = await kernelWith({ outputStore });
    outputStore.hang();
    kernel.executor.script('a', async ({ run, released }) => {
      run.output('stdout', asBytes('early'));
      for (let at = 0; at < 8; at += 1) void run.output('stdout', new Uint8Array(1024 * KIB));
      await released;
    });
    await kernel.submit(graphInput({ a: [] }));
    expect(kernel.scheduler.stats().outputsIncomplete).toBe(1);
    outputStore.refusal = diskFull();
    outputStore.goOn();
    await kernel.clock.settle();
    const { stdout } = await captured(kernel, 'a');
    expect(stdout).toEqual({ bytes: 5 + 8 * 1024 * KIB, kept: 5, truncated: true, text: 'early' });
  });

  it('an executor that does not wait loses what comes faster than the store takes it, and no memory grows', async () => {
    const told: string[] = [];
    const { kernel, outputStore } = await kernelWith({ onOutputProblem: ({ message }) => told.push(message) });
    outputStore.hold();
    const chunk = new Uint8Array(1024 * KIB);
    kernel.executor.script('a', async ({ run }) => {
      for (let at = 0; at < 20; at += 1) void run.output('stdout', chunk);
    });
    await kernel.submit(graphInput({ a: [] }));
    expect(outputStore.calls.filter((call) => call.startsWith('append')).length).toBeLessThan(8);
    outputStore.release();
    await kernel.end('a');
    const { stdout } = await kernel.scheduler.output('a');
    expect(stdout).toMatchObject({ bytes: 20 * 1024 * KIB, truncated: true });
    expect(stdout.kept).toBeGreaterThanOrEqual(4 * 1024 * KIB);
    expect(told).toEqual([expect.stringContaining('did not wait')]);
  });

  it('one that cannot be opened keeps the kernel from starting', async () => {
    const outputStore = new TestOutputStore();
    await outputStore.open({ storeId: 'other' });
    await expect(startKernel({ outputStore })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('the end of the task store while output is being put away leaves the task to the next start', async () => {
    const { kernel, outputStore } = await kernelWith();
    outputStore.hold();
    kernel.executor.script('a', writes([['stdout', 'x']]));
    await kernel.submit(graphInput({ a: [] }));
    kernel.store.refuse();
    await refusal(kernel.scheduler.submit(graphInput({ b: [] })));
    outputStore.release();
    await kernel.clock.settle();
    expect(kernel.history('a')).not.toContain('task_succeeded');
    expect(kernel.scheduler.stats().running).toBe(0);
  });
});

it('an unknown task is not found, and a bad range is refused by name', async () => {
  const { kernel } = await kernelWith();
  expect(await refusal(kernel.scheduler.output('none'))).toMatchObject({ code: 'not_found' });
  expect(await refusal(kernel.scheduler.readOutput('none', 'stdout'))).toMatchObject({ code: 'not_found' });
  await kernel.run(graphInput({ a: [] }));
  expect(await refusal(kernel.scheduler.readOutput('a', 'stdout', { start: -1 }))).toMatchObject({
    message: /^start: /,
  });
  expect(await refusal(kernel.scheduler.readOutput('a', 'stdout', { end: 0.5 }))).toMatchObject({ message: /^end: / });
  expect(await refusal(kernel.scheduler.readOutput('a', 'stdin' as 'stdout'))).toMatchObject({ message: /^stream: / });
});

it('a task that has not begun, and one that never will, have no attempt', async () => {
  const { kernel } = await kernelWith();
  kernel.executor.script('a', waitsForRelease());
  await kernel.submit(graphInput({ a: [], b: ['a'] }));
  expect(await captured(kernel, 'b')).toMatchObject({ attempt: 0, status: 'pending', live: false, stdout: whole('') });
  await kernel.clock.runUntil(kernel.scheduler.cancel('a'));
  expect(await captured(kernel, 'b')).toMatchObject({ attempt: 0, status: 'skipped', live: false });
});
