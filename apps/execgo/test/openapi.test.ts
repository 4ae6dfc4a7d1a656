import { expect, it } from 'vitest';
import { runCli } from '../src/cli.js';
import { VERSION } from '../src/version.js';

it('execgo openapi prints the document of the API on stdout, and nothing else', async () => {
  const printed: string[] = [];
  const notes: string[] = [];
  const cli = {
    env: {},
    cwd: '/',
    stdout: (text: string) => printed.push(text),
    stderr: (text: string) => notes.push(text),
  };
  expect(await runCli(['openapi'], cli)).toBe(0);
  const document = JSON.parse(printed.join(''));
  expect([document.openapi, document.info.version]).toEqual(['3.1.0', VERSION]);
  expect(Object.keys(document.paths)).toContain('/tasks/{id}/output');
  expect(notes).toEqual([]);
});
