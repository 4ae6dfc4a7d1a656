import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeExecutor, living, until } from '@execgo/testkit';
import { expect } from 'vitest';
import { createOsExecutor } from '../src/index.js';
import { confinements } from './support/sandbox.js';

/** This run's own: another on the same machine must not see it. */
const MARKER = `3600.${process.pid}`;

for (const [where, confinement] of confinements)
  describeExecutor(`OsExecutor ${where}`, {
    makeFixture: () => {
      const base = mkdtempSync(join(tmpdir(), 'execgo-os-'));
      const executor = createOsExecutor({ workspace: join(base, 'workspace'), shellPolicy: 'open', confinement });
      return {
        executor,
        leavesNothing: () => expect(living(MARKER)).toEqual([]),
        dispose: () => rmSync(base, { recursive: true, force: true }),
      };
    },
    category: 'os',
    succeeds: [
      { name: 'noop', task: { tool_name: 'noop' }, result: { ok: true, message: '' }, leavesSignalAlone: true },
      {
        name: 'noop with params and input',
        task: { tool_name: 'noop', params: { message: 'p' }, input: { message: 'i' } },
        result: { message: 'p' },
      },
      { name: 'sleep', task: { tool_name: 'sleep', input: { duration_ms: 1 } }, result: { slept_ms: 1 } },
      {
        name: 'command',
        task: { tool_name: 'shell', input: { command: 'echo', args: ['hi'] } },
        result: { stdout: 'hi\n', stderr: '', exit_code: 0, runner: 'direct' },
      },
      {
        name: 'script',
        task: { tool_name: 'shell', input: { script: 'exit 0', runner: 'SH' } },
        result: { exit_code: 0, runner: 'sh' },
      },
      {
        name: 'write',
        task: { tool_name: 'file', input: { action: 'write', path: 'a/b', content: 'ü' } },
        result: { bytes_written: 2 },
      },
      {
        name: 'dns of an address',
        task: { tool_name: 'dns', input: { name: '8.8.8.8' } },
        result: { record: 'ip', addrs: ['8.8.8.8'] },
      },
    ],
    fails: [
      {
        name: 'exit status',
        task: { tool_name: 'shell', input: { script: 'echo kept; exit 3' } },
        code: 'exit_nonzero',
        result: { stdout: 'kept\n', exit_code: 3 },
      },
      {
        name: 'missing file',
        task: { tool_name: 'file', input: { action: 'read', path: 'nowhere' } },
        code: 'not_found',
      },
      {
        name: 'wall time',
        task: { tool_name: 'shell', input: { command: 'sleep', args: [MARKER], limits: { wall_time_ms: 30 } } },
        code: 'timeout',
      },
    ],
    refuses: [
      { name: 'no tool', task: { tool_name: undefined, input: {} }, code: 'invalid_input', mentions: 'tool_name' },
      { name: 'unknown tool', task: { tool_name: 'teleport', input: {} }, code: 'not_found', mentions: 'teleport' },
      {
        name: 'wrong type',
        task: { tool_name: 'shell', input: { command: 5 } },
        code: 'invalid_input',
        mentions: 'task "a": input.command: expected a string, got 5',
      },
      {
        name: 'wrong type in params',
        task: { tool_name: 'shell', params: { command: 5 } },
        code: 'invalid_input',
        mentions: 'params.command',
      },
      {
        name: 'input that is no object',
        task: { tool_name: 'sleep', input: [1] },
        code: 'invalid_input',
        mentions: 'input',
      },
      {
        name: 'path outside',
        task: { tool_name: 'file', input: { action: 'read', path: '../x' } },
        code: 'denied',
        mentions: '../x',
      },
      {
        name: 'metadata address',
        task: { tool_name: 'http', input: { url: 'http://169.254.169.254/' } },
        code: 'denied',
        mentions: '169.254.169.254',
      },
    ],
    endless: [
      { name: 'sleep', task: { tool_name: 'sleep', input: { duration_ms: 600_000 } } },
      {
        name: 'process tree',
        task: { tool_name: 'shell', input: { script: `sleep ${MARKER} & exec sleep ${MARKER}` } },
        begun: () => until(() => living(MARKER).length >= 2),
      },
    ],
  });
