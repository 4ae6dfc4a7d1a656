import { expect, it } from 'vitest';
import { launchFailure } from '../src/index.js';

it.each([
  ['bwrap: execvp tool: No such file or directory\n', 'not_found', 'command not found: tool (in the sandbox)', false],
  [
    'bwrap: execvp /x: a: Permission denied\n',
    'launch_failed',
    'cannot start tool in the sandbox: Permission denied',
    false,
  ],
  [
    'bwrap: execvp tool: Cannot allocate memory\n',
    'launch_failed',
    'cannot start tool in the sandbox: Cannot allocate memory',
    true,
  ],
  [
    'bwrap: Creating new namespace failed: Resource temporarily unavailable\n',
    'sandbox_setup_failed',
    'the sandbox for tool cannot be set up: bwrap: Creating new namespace failed: Resource temporarily unavailable',
    true,
  ],
  ['', 'sandbox_setup_failed', 'the sandbox for tool cannot be set up: it ended without a word', false],
])('%j is %s', (stderr, code, message, retryable) => {
  expect(launchFailure('tool', stderr)).toMatchObject({ code, message, retryable });
});
