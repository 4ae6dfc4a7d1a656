import { ExecGoError, isJsonObject, isReference } from '@execgo/core';
import { describeExecutor, FakeExecutor, type FakeRun, fails, hangs, succeeds } from '../src/index.js';

function makeFixture() {
  const executor = new FakeExecutor({
    category: 'fake',
    otherwise: async (attempt) => attempt.task.input,
    check: ({ input }) => {
      if (input === undefined || isReference(input)) return;
      if (!isJsonObject(input)) throw new ExecGoError('invalid_input', 'input: expected an object');
      if (input.secret === true) throw new ExecGoError('denied', 'input.secret is not allowed');
    },
  });
  executor.script('fine', succeeds({ text: 'fine', size: 4 }));
  executor.script('fails', fails('exit_nonzero', 'exit status 1', { details: { result: { stdout: 'half' } } }));
  executor.script('hangs', hangs());
  return {
    executor,
    leavesNothing: () => {
      if (executor.running.length > 0) throw new ExecGoError('internal', `still running: ${executor.running.join()}`);
    },
  };
}

describeExecutor('FakeExecutor', {
  makeFixture,
  category: 'fake',
  succeeds: [
    { name: 'a result', task: { id: 'fine' }, result: { text: 'fine' }, leavesSignalAlone: true },
    { name: 'what came in', task: { id: 'echo', input: { n: [1, null] } }, result: { n: [1, null] } },
    { name: 'no result', task: { id: 'empty' }, result: undefined },
  ],
  fails: [{ name: 'a failure', task: { id: 'fails', input: {} }, code: 'exit_nonzero', result: { stdout: 'half' } }],
  refuses: [
    { name: 'a text', task: { input: 'text' }, code: 'invalid_input', mentions: 'input' },
    { name: 'a secret', task: { input: { secret: true } }, code: 'denied', mentions: 'secret' },
  ],
  endless: [
    {
      name: 'a task that hangs',
      task: () => ({ id: 'hangs' }),
      begun: ({ executor }: ReturnType<typeof makeFixture>, _run: FakeRun) => executor.started('hangs'),
    },
  ],
});
