import { ExecGoError, type Executor, isReference, type RunContext, type TaskSpec, type Tool } from '@execgo/core';
import { describeExecutor } from '../src/index.js';

/** Answers with what comes in, or hangs, or fails, as its input says. */
class Sound implements Executor {
  readonly category: string = 'echo';
  underWay = 0;

  async tools(): Promise<readonly Tool[]> {
    return [{ name: 'echo', description: 'Says it again.', input_schema: { type: 'object' } }];
  }

  check({ input }: TaskSpec): void {
    if (isReference(input)) return;
    const { text } = (input ?? {}) as { text?: unknown };
    if (typeof text === 'string' || isReference(text)) return;
    throw new ExecGoError('invalid_input', 'text: expected a string');
  }

  async execute({ input }: TaskSpec, run: RunContext): Promise<unknown> {
    const { text } = input as { text: string };
    if (text === 'fail') throw new ExecGoError('external_failure', 'no', { details: { result: { half: true } } });
    if (text === 'hang') return this.hang(run.signal);
    return { text };
  }

  async health(): Promise<void> {}

  async close(): Promise<void> {}

  protected hang(signal: AbortSignal): Promise<never> {
    this.underWay += 1;
    return new Promise((_, reject) => {
      const end = () => {
        this.underWay -= 1;
        reject(signal.reason);
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  }
}

const ECHO: Tool = { name: 'echo', description: 'Says it again.', input_schema: { type: 'object' } };
const refusal = new ExecGoError('internal', 'no');
const forever = () => new Promise<never>(() => {});

/** Each breaks one promise of the port. */
const BROKEN: Readonly<Record<string, (sound: Sound) => Partial<Executor>>> = {
  'has another category': () => ({ category: 'other' }),
  'has two tools of one name': () => ({ tools: async () => [ECHO, ECHO] }),
  'has a tool without description': () => ({ tools: async () => [{ ...ECHO, description: '' }] }),
  'has a schema of no object': () => ({ tools: async () => [{ ...ECHO, input_schema: { type: 'string' } }] }),
  'has other tools each time': () => {
    let calls = 0;
    return { tools: async () => [{ ...ECHO, name: `echo-${calls++}` }] };
  },
  'is not well': () => ({ health: () => Promise.reject(refusal) }),
  'checks nothing': () => ({ check: () => {} }),
  'refuses without naming the field': () => ({
    check: ({ input }) => {
      if (typeof (input as { text?: unknown }).text === 'number') throw new ExecGoError('invalid_input', 'no');
    },
  }),
  'does not skip references': () => ({
    check: ({ input }) => {
      if (typeof (input as { text?: unknown }).text === 'string') return;
      throw new ExecGoError('invalid_input', 'text: expected a string');
    },
  }),
  'answers with what JSON cannot carry': () => ({ execute: async () => 1n }),
  'throws errors without a code': (sound) => ({
    execute: (task, run) =>
      sound.execute(task, run).catch((error: Error) => Promise.reject(new TypeError(error.message))),
  }),
  'loses the output of a failure': (sound) => ({
    execute: (task, run) =>
      sound
        .execute(task, run)
        .catch(({ code, message }: ExecGoError) => Promise.reject(new ExecGoError(code, message))),
  }),
  'mixes attempts': (sound) => {
    let last: TaskSpec | undefined;
    return {
      execute: async (task, run) => {
        last = task;
        await new Promise((resolve) => setImmediate(resolve));
        return sound.execute(last, run);
      },
    };
  },
  'asks for the signal without need': (sound) => ({
    execute: (task, run) => (run.signal.aborted ? forever() : sound.execute(task, run)),
  }),
  'ignores an abort': (sound) => ({
    execute: (task, run) => ((task.input as { text: string }).text === 'hang' ? forever() : sound.execute(task, run)),
  }),
  'succeeds when it is aborted': (sound) => ({
    execute: (task, run) =>
      sound.execute(task, run).catch((error: ExecGoError) => (run.signal.aborted ? {} : Promise.reject(error))),
  }),
  'leaves something running': (sound) => ({
    execute: (task, run) => {
      if ((task.input as { text: string }).text === 'hang') sound.underWay += 1;
      return sound.execute(task, run);
    },
  }),
};

function suite(name: string, breaks: (sound: Sound) => Partial<Executor>): void {
  describeExecutor(name, {
    makeFixture: () => {
      const sound = new Sound();
      const port: Executor = {
        category: sound.category,
        tools: () => sound.tools(),
        check: (task) => sound.check(task),
        execute: (task, run) => sound.execute(task, run),
        health: () => sound.health(),
        close: () => sound.close(),
      };
      return {
        executor: { ...port, ...breaks(sound) },
        leavesNothing: () => {
          if (sound.underWay > 0) throw new ExecGoError('internal', `${sound.underWay} attempts are under way`);
        },
      };
    },
    category: 'echo',
    succeeds: [
      { name: 'a text', task: { input: { text: 'one' } }, result: { text: 'one' }, leavesSignalAlone: true },
      { name: 'another text', task: { input: { text: 'two' } }, result: { text: 'two' } },
    ],
    fails: [{ name: 'a failure', task: { input: { text: 'fail' } }, code: 'external_failure', result: { half: true } }],
    refuses: [{ name: 'a number', task: { input: { text: 5 } }, code: 'invalid_input', mentions: 'text' }],
    endless: [{ name: 'a text that never comes', task: { input: { text: 'hang' } } }],
    abortWithinMs: 100,
  });
}

suite('a sound one', () => ({}));
for (const [name, breaks] of Object.entries(BROKEN)) suite(name, breaks);
