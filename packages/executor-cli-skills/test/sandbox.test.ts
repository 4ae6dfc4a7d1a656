import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { useBench } from './support/bench.js';
import { describeSandboxed, sandbox } from './support/sandbox.js';

describeSandboxed('a script in a sandbox', () => {
  const under = useBench({ confinement: sandbox });

  it('works in the workspace, and reads its skill', async () => {
    const { bench } = under;
    mkdirSync(join(bench.root, 'sub'));
    bench.skill('s', {
      'a.sh': '. "$(dirname "$0")/lib.sh"; lib >made; pwd; head -2 "$SKILL_DIR/SKILL.md"',
      'lib.sh': 'lib() { echo lib; }',
    });
    expect(await bench.run('s/a.sh', { cwd: 'sub' })).toMatchObject({
      stdout: `${join(bench.root, 'sub')}\n---\nname: s\n`,
      stderr: '',
    });
    expect(readFileSync(join(bench.root, 'sub/made'), 'utf8')).toBe('lib\n');
  });

  it('cannot write to its skill, nor see another', async () => {
    const { bench } = under;
    bench.skill('other');
    bench.skill('s', { 'a.sh': 'echo x >"$SKILL_DIR/x" || echo read-only; ls "$SKILL_DIR/.."' });
    expect(await bench.run('s')).toMatchObject({ stdout: 'read-only\ns\n' });
  });

  it.each([
    ['a.js', 'console.log(process.argv[2])', 0o644],
    ['a.py', 'import sys; print(sys.argv[1])', 0o644],
    ['direct', '#!/usr/bin/env sh\necho "$1"', 0o755],
  ])('finds its interpreter: %s', async (name, text, mode) => {
    under.bench.skill('s', { [name]: { text, mode } });
    expect(await under.bench.run('s', { args: ['a b'] })).toMatchObject({ output: 'a b\n' });
  });

  it('and cli.run run without network where a task asks for that', async () => {
    under.bench.skill('s', { 'a.sh': 'cat /proc/net/dev | grep -c : ' });
    expect(await under.bench.run('s', { sandbox: { network: false } })).toMatchObject({ output: '1\n' });
    const input = { command: 'grep', args: ['-c', ':', '/proc/net/dev'], sandbox: { network: false } };
    expect(await under.bench.run('cli.run', input)).toMatchObject({ output: '1\n' });
  });
});
