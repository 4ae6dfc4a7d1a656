import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { printed } from './support/command-line.js';
import { freshFolder } from './support/running-server.js';

async function scriptFor(shell: string, name: 'execgo' | 'execgocli' = 'execgo'): Promise<string> {
  const { status, stdout } = await printed('/', ['completion', shell], { name });
  expect(status).toBe(0);
  return stdout;
}

/** What bash offers behind these words, by the script itself. */
function offered(script: string, words: readonly string[], cwd: string): readonly string[] {
  const [name = ''] = words;
  const ask = `${script}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_${name}
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync('bash', ['--norc', '-euc', ask], { encoding: 'utf8', cwd });
  return text.split('\n').filter((line) => line !== '');
}

it('the script for bash completes commands, flags, choices and files, in the real bash', async () => {
  const script = await scriptFor('bash');
  const cwd = freshFolder();
  writeFileSync(join(cwd, 'graph.json'), '{}');
  expect(offered(script, ['execgo', 'ca'], cwd)).toEqual(['cancel', 'capabilities', 'cap']);
  expect(offered(script, ['execgo', ''], cwd)).toEqual(expect.arrayContaining(['serve', 'run', 'completion', 'help']));
  expect(offered(script, ['execgo', 'wait', '--ti'], cwd)).toEqual(['--timeout']);
  expect(offered(script, ['execgo', 'list', '--status', 's'], cwd)).toEqual(['success', 'skipped']);
  expect(offered(script, ['execgo', 'run', 'gr'], cwd)).toEqual(['graph.json']);
  expect(offered(script, ['execgo', 'run', '--json', '--sandbox', ''], cwd)).toEqual(['auto', 'required', 'off']);
  expect(offered(script, ['execgo', 'submit', '--file', 'g'], cwd)).toEqual(['graph.json']);
  expect(offered(script, ['execgo', 'completion', ''], cwd)).toEqual(['bash', 'zsh', 'fish']);
  expect(offered(script, ['execgo', '--shell-policy', 'o'], cwd)).toEqual(['open']);
  expect(offered(script, ['execgo', 'get', ''], cwd)).toEqual([]);
  const other = await scriptFor('bash', 'execgocli');
  expect(offered(other, ['execgocli', '--a'], cwd)).toEqual([]);
  expect(offered(other, ['execgocli', 'serve', '--add'], cwd)).toEqual(['--addr']);
});

it.each(['zsh', 'fish'])(
  'the script for %s has every command and is accepted where that shell is installed',
  async (shell) => {
    const script = await scriptFor(shell);
    for (const word of ['serve', 'run', 'ensure-running', 'cap', 'idempotency-key', 'pending'])
      expect(script).toContain(word);
    const { error, status, stderr } = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    if (error === undefined) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    else expect((error as NodeJS.ErrnoException).code).toBe('ENOENT');
  },
);

it('another shell is refused with the ones that there are', async () => {
  const { status, stderr } = await printed('/', ['completion', 'tcsh']);
  expect(status).toBe(2);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish');
});
