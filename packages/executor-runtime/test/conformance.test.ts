import { describeExecutor } from '@execgo/testkit';
import { expect } from 'vitest';
import { createRuntimeExecutor } from '../src/index.js';
import { FakeRuntime } from './support/fake-runtime.js';

describeExecutor('RuntimeExecutor', {
  makeFixture: async () => {
    const runtime = await FakeRuntime.start();
    return {
      runtime,
      executor: createRuntimeExecutor({ url: runtime.url, pollMinMs: 5, pollMaxMs: 20 }),
      leavesNothing: () => expect(runtime.alive).toBe(0),
      dispose: () => runtime.dispose(),
    };
  },
  category: 'runtime',
  succeeds: [
    {
      name: 'command',
      task: { tool_name: 'command', input: { program: 'echo', args: ['hi'], env: { A: 'b' } } },
      result: { stdout: 'hi\n', stderr: '', exit_code: 0 },
    },
    {
      name: 'script in params',
      task: { tool_name: 'script', params: { script: 'echo "$A"; echo e >&2', env: { A: 'ü' } } },
      result: { stdout: 'ü\n', stderr: 'e\n', exit_code: 0 },
    },
    {
      name: 'execution',
      task: { tool_name: undefined, input: { execution: { kind: 'command', program: 'true' }, metadata: { a: 'b' } } },
      result: { exit_code: 0 },
    },
  ],
  fails: [
    {
      name: 'exit status',
      task: { tool_name: 'script', input: { script: 'echo kept; exit 3' } },
      code: 'exit_nonzero',
      result: { stdout: 'kept\n', exit_code: 3 },
    },
    { name: 'no such program', task: { tool_name: 'command', input: { program: '/no/such' } }, code: 'launch_failed' },
    {
      name: 'wall time',
      task: { tool_name: 'command', input: { program: 'sleep', args: ['60'], limits: { wall_time_ms: 30 } } },
      code: 'timeout',
      result: { exit_code: -1 },
    },
  ],
  refuses: [
    { name: 'no input', task: { tool_name: 'command' }, code: 'invalid_input', mentions: 'input.program: is required' },
    { name: 'no kind', task: { tool_name: undefined, input: {} }, code: 'invalid_input', mentions: 'execution' },
    {
      name: 'empty script',
      task: { tool_name: 'script', input: { script: ' ' } },
      code: 'invalid_input',
      mentions: 'task "a": input.script: is required',
    },
    {
      name: 'another kind than the tool',
      task: { tool_name: 'command', input: { execution: { kind: 'script', script: 'a' } } },
      code: 'invalid_input',
      mentions: 'input.execution.kind: expected "command"',
    },
    {
      name: 'program and script',
      task: { tool_name: undefined, input: { execution: { kind: 'command', program: 'a', script: 'b' } } },
      code: 'invalid_input',
      mentions: 'input.execution.script',
    },
    {
      name: 'wrong limits',
      task: { tool_name: 'command', params: { program: 'a', limits: { memory_bytes: 0 } } },
      code: 'invalid_input',
      mentions: 'params.limits.memory_bytes: expected a positive integer',
    },
    {
      name: 'a variable with an equals sign',
      task: { tool_name: 'command', input: { program: 'a', env: { 'A=B': '' } } },
      code: 'invalid_input',
      mentions: 'input.env',
    },
    { name: 'unknown tool', task: { tool_name: 'teleport', input: {} }, code: 'not_found', mentions: 'teleport' },
  ],
  endless: [
    {
      name: 'a program',
      task: { tool_name: 'command', input: { program: 'sleep', args: ['3600'] } },
      begun: async ({ runtime }) => runtime.asked(/^GET .*tasks\/[^/]+$/),
    },
    {
      name: 'a program that does not heed SIGTERM',
      task: { tool_name: 'script', input: { script: "trap '' TERM; while :; do sleep 0.05; done" } },
      begun: async ({ runtime }) => runtime.asked(/^GET .*tasks\/[^/]+$/),
    },
  ],
});
