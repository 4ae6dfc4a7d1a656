import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Bench, MANIFEST, useBench } from './support/bench.js';

const under = useBench();

describe('the catalogue goes by stages', () => {
  it('what there is', async () => {
    const { bench } = under;
    bench.skill('b', { 'run.sh': 'echo', 'deep/er.py': 'pass', 'data.json': '{}' });
    bench.skill('a');
    expect(await bench.executor.catalogue.list()).toEqual([
      { name: 'a', description: 'What a is for.', source: 'user', scripts: [] },
      { name: 'b', description: 'What b is for.', source: 'user', scripts: ['deep/er.py', 'run.sh'] },
    ]);
  });

  it('the instructions of one, its fields and its files', async () => {
    const { bench } = under;
    const manifest = MANIFEST('a', 'allowed-tools: Bash(git:*) Read\nmetadata:\n  version: 1.0\n');
    bench.skill('a', { 'run.sh': 'echo' }, manifest);
    bench.write('skills/a/references/guide.md', 'guide');
    bench.write('skills/a/.env', 'SECRET=1');
    bench.write('skills/a/node_modules/x/index.js', '');
    bench.write('skills/a/scripts/__pycache__/x.pyc', '');
    expect(await bench.executor.catalogue.get('a')).toEqual({
      name: 'a',
      description: 'What a is for.',
      source: 'user',
      allowed_tools: ['Bash(git:*)', 'Read'],
      metadata: { version: '1.0' },
      body: 'Do it.\n',
      scripts: ['run.sh'],
      files: [
        { path: 'SKILL.md', size: Buffer.byteLength(manifest) },
        { path: 'references/guide.md', size: 5 },
        { path: 'scripts/run.sh', size: 4 },
      ],
      warnings: [],
    });
  });

  it('one file', async () => {
    const { bench } = under;
    bench.skill('a');
    bench.write('skills/a/assets/ü.bin', Buffer.from([0, 255, 1]));
    const file = await bench.executor.catalogue.file('a', 'assets/ü.bin');
    expect(file).toEqual({ path: 'assets/ü.bin', size: 3, bytes: Buffer.from([0, 255, 1]) });
    expect((await bench.executor.catalogue.file('a', './SKILL.md')).path).toBe('SKILL.md');
  });
});

describe('what it refuses', () => {
  it('an unknown skill, naming those there are', async () => {
    const { bench } = under;
    for (let at = 10; at < 40; at += 1) bench.skill(`s${at}`);
    for (const ask of [bench.executor.catalogue.get('x'), bench.executor.catalogue.file('x', 'SKILL.md')]) {
      await expect(ask).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringMatching(/^skill not found: "x" \(available: s10, s11, .*s29 and 10 more\)$/),
      });
    }
  });

  it.each([
    ['', 'invalid_input'],
    ['.', 'invalid_input'],
    ['a\0b', 'invalid_input'],
    ['x'.repeat(1025), 'invalid_input'],
    ['x'.repeat(300), 'not_found'],
    ['missing', 'not_found'],
    ['SKILL.md/x', 'not_found'],
    ['../b/SKILL.md', 'denied'],
    ['scripts/../../b/SKILL.md', 'denied'],
    ['/etc/passwd', 'denied'],
    ['.env', 'denied'],
    ['.git/config', 'denied'],
    ['out', 'denied'],
    ['away/passwd', 'denied'],
    ['loop', 'denied'],
    ['references', 'invalid_input'],
    ['big', 'too_large'],
  ])('the file %j: %s', async (path, code) => {
    const bench = new Bench({ bounds: { maxFileBytes: 100 }, rescanMs: 0 });
    try {
      bench.skill('a');
      bench.skill('b');
      bench.write('skills/a/.env', 'SECRET=1');
      bench.write('skills/a/references/x', '');
      bench.write('skills/a/big', 'x'.repeat(101));
      symlinkSync('/etc/passwd', join(bench.skills, 'a/out'));
      symlinkSync('/etc', join(bench.skills, 'a/away'));
      symlinkSync('loop', join(bench.skills, 'a/loop'));
      await expect(bench.executor.catalogue.file('a', path)).rejects.toMatchObject({ code });
    } finally {
      await bench.dispose();
    }
  });

  it('links that lead out are not listed, which is said; links inside are files', async () => {
    const { bench } = under;
    bench.skill('a', { 'real.sh': 'echo real' });
    symlinkSync('/etc/passwd', join(bench.skills, 'a/scripts/out.sh'));
    symlinkSync('real.sh', join(bench.skills, 'a/scripts/alias.sh'));
    symlinkSync('../SKILL.md', join(bench.skills, 'a/scripts/above.sh'));
    symlinkSync('/etc', join(bench.skills, 'a/references'));
    const { files, scripts, warnings } = await bench.executor.catalogue.get('a');
    expect(files.map(({ path }) => path)).toEqual(['SKILL.md', 'scripts/alias.sh', 'scripts/real.sh']);
    expect(scripts).toEqual(['alias.sh', 'real.sh']);
    expect([...warnings].sort()).toEqual([
      expect.stringMatching(/^references: .*leads out of the skill/),
      expect.stringMatching(/^scripts\/above\.sh: .*leads out of its scripts folder/),
      expect.stringMatching(/^scripts\/out\.sh: .*leads out of its scripts folder/),
    ]);
  });
});
