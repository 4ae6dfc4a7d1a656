import { describeExecutor, living, until } from '@execgo/testkit';
import { expect } from 'vitest';
import { Bench } from './support/bench.js';

/** This run's own: another on the same machine must not see it. */
const MARKER = `3600.${process.pid}`;

describeExecutor('CliSkillsExecutor', {
  makeFixture: () => {
    const bench = new Bench({ shellPolicy: 'open' });
    bench.skill('greet', { 'hello.sh': 'echo "hello $1"\n', 'cat.sh': 'cat; echo\n' });
    bench.skill('one', { 'only.sh': 'echo only; exit $1\n' });
    bench.skill('slow', { 'wait.sh': `sleep ${MARKER} & exec sleep ${MARKER}\n` });
    bench.skill('words');
    return {
      executor: bench.executor,
      leavesNothing: () => expect(living(MARKER)).toEqual([]),
      dispose: () => bench.dispose(),
    };
  },
  category: 'cli-skills',
  succeeds: [
    {
      name: 'command',
      task: { tool_name: undefined, input: { command: 'echo', args: ['hi'] } },
      result: { command: 'echo', args: ['hi'], output: 'hi\n', stdout: 'hi\n', stderr: '', exit_code: 0 },
    },
    {
      name: 'cli.run',
      task: { tool_name: 'cli.run', params: { command: 'echo' } },
      result: { command: 'echo', args: [], output: '\n' },
    },
    {
      name: 'input and params',
      task: { tool_name: 'cli.run', params: { command: 'false' }, input: { command: 'echo', args: ['input'] } },
      result: { output: 'input\n' },
    },
    {
      name: 'script of a skill',
      task: { tool_name: 'greet', input: { script: 'hello.sh', args: ['you there'] } },
      result: { output: 'hello you there\n', exit_code: 0 },
    },
    {
      name: 'script as a tool',
      task: { tool_name: 'greet/cat.sh', input: { stdin: 'fed', env: { A: 'b' }, limits: { wall_time_ms: 60_000 } } },
      result: { output: 'fed\n' },
    },
    { name: 'the only script', task: { tool_name: 'one' }, result: { output: 'only\n' } },
  ],
  fails: [
    {
      name: 'exit status',
      task: { tool_name: 'one', input: { args: ['3'] } },
      code: 'exit_nonzero',
      result: { output: 'only\n', exit_code: 3 },
    },
    { name: 'wall time', task: { tool_name: 'slow', input: { limits: { wall_time_ms: 50 } } }, code: 'timeout' },
  ],
  refuses: [
    { name: 'no command', task: { tool_name: undefined, input: {} }, code: 'invalid_input', mentions: 'input.command' },
    { name: 'unknown skill', task: { tool_name: 'gone', input: {} }, code: 'not_found', mentions: 'greet, one, slow' },
    { name: 'unknown script', task: { tool_name: 'greet/x.py' }, code: 'not_found', mentions: 'cat.sh, hello.sh' },
    { name: 'unnamed script', task: { tool_name: 'greet' }, code: 'invalid_input', mentions: 'input.script' },
    { name: 'skill without scripts', task: { tool_name: 'words' }, code: 'not_found', mentions: 'no scripts' },
    {
      name: 'wrong type',
      task: { tool_name: 'one', input: { args: [5] } },
      code: 'invalid_input',
      mentions: 'task "a": input.args[0]: expected a string, got 5',
    },
    {
      name: 'wrong type in params',
      task: { tool_name: 'one', params: { stdin: 5 } },
      code: 'invalid_input',
      mentions: 'params.stdin',
    },
    { name: 'path outside', task: { tool_name: 'greet/../one/scripts/only.sh' }, code: 'denied', mentions: '..' },
    { name: 'folder outside', task: { tool_name: 'one', input: { cwd: '/etc' } }, code: 'denied', mentions: '/etc' },
  ],
  endless: [
    {
      name: 'script with a child',
      task: { tool_name: 'slow' },
      begun: () => until(() => living(MARKER).length >= 2),
    },
  ],
});
