import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Confinement, noConfinement } from '@execgo/process';
import { describe, expect, it, vi } from 'vitest';
import { Bench, useBench } from './support/bench.js';

const under = useBench();
const REF = { $from: 'dep', pointer: '/x' };

describe('tools', () => {
  it('each skill with scripts is one, and each of its scripts; so is cli.run', async () => {
    const { bench } = under;
    bench.skill('two', { 'a.sh': '', 'sub/b.py': '', 'notes.md': '' });
    bench.skill('one', { 'a.sh': '' });
    bench.skill('none', { 'notes.md': '' });
    const tools = await bench.executor.tools();
    expect(tools.map(({ name }) => name)).toEqual(['cli.run', 'one', 'one/a.sh', 'two', 'two/a.sh', 'two/sub/b.py']);
    const [, one, , two, single] = tools;
    expect(two).toMatchObject({
      description: expect.stringMatching(/^What two is for\.\n\nRuns .*: a\.sh, sub\/b\.py\./),
      input_schema: { required: ['script'], properties: { script: { type: 'string', enum: ['a.sh', 'sub/b.py'] } } },
    });
    expect(one).toMatchObject({ input_schema: { required: [], properties: { script: { enum: ['a.sh'] } } } });
    expect(single?.input_schema).not.toHaveProperty('properties.script');
    expect(single?.description).toContain('What two is for.');
    for (const tool of tools) expect(tool.input_schema).toHaveProperty('properties.args.items.type', 'string');
  });

  it('a script is named by its path inside scripts, or from the skill as instructions write it', async () => {
    const { bench } = under;
    bench.skill('s', { 'run.sh': 'echo run', 'sub/deep.sh': 'echo deep' });
    for (const script of ['run.sh', 'scripts/run.sh', './scripts/./run.sh']) {
      expect(await bench.run('s', { script }), script).toMatchObject({ output: 'run\n' });
    }
    expect(await bench.run('s/sub/deep.sh')).toMatchObject({ output: 'deep\n' });
    expect(await bench.run('s/scripts/sub/deep.sh')).toMatchObject({ output: 'deep\n' });
    bench.write('skills/s/scripts/scripts/run.sh', 'echo inner');
    expect(await bench.run('s', { script: 'scripts/run.sh' })).toMatchObject({ output: 'inner\n' });
  });

  it('a tool of one script takes no other', async () => {
    const { bench } = under;
    bench.skill('s', { 'a.sh': 'echo a', 'b.sh': 'echo b' });
    expect(await bench.run('s/a.sh', { script: 'a.sh' })).toMatchObject({ output: 'a\n' });
    expect(await bench.check('s/a.sh', { script: 'b.sh' })).toMatchObject({
      code: 'invalid_input',
      message: 'task "a": input.script: the tool stands for the script a.sh; leave it out',
    });
  });

  it('what a reference will fill is skipped, and the rest is not', async () => {
    const { bench } = under;
    bench.skill('s', { 'a.sh': 'echo a', 'b.sh': 'echo b' });
    expect(await bench.check('s', { script: REF, args: [REF] })).toBeUndefined();
    expect(await bench.check('s', REF)).toBeUndefined();
    expect(await bench.check('cli.run', { command: REF })).toBeUndefined();
    expect(await bench.check('s', { script: REF, args: [5] })).toMatchObject({ code: 'invalid_input' });
    expect(await bench.check('s', { script: 'x.sh', args: REF })).toMatchObject({ code: 'not_found' });
  });
});

describe('which interpreter runs a script', () => {
  const show = (name: string, content: string, mode = 0o644) => {
    under.bench.skill('s', { [name]: { text: content, mode } });
    return under.bench.run(`s/${name}`, { args: ['one two'] });
  };

  it.each([
    ['a.py', 'import sys; print("py", sys.argv[1])', 'py one two\n'],
    ['a.sh', 'echo "sh $1"', 'sh one two\n'],
    ['A.SH', 'echo "sh $1"', 'sh one two\n'],
    ['a.js', 'console.log("js", process.argv[2], typeof require)', 'js one two function\n'],
    ['a.cjs', 'console.log("cjs", process.argv[2], typeof require)', 'cjs one two function\n'],
    ['a.mjs', 'console.log("mjs", process.argv[2], typeof require)', 'mjs one two undefined\n'],
    ['a.pl', 'print "pl $ARGV[0]\\n"', 'pl one two\n'],
  ])('without the x bit the ending says: %s', async (name, content, output) => {
    expect(await show(name, content)).toMatchObject({ output, args: [expect.stringContaining(name), 'one two'] });
  });

  it('.js runs in the Node of this process', async () => {
    expect(await show('a.js', 'console.log(process.version)')).toMatchObject({
      command: process.execPath,
      output: `${process.version}\n`,
    });
  });

  it('.sh runs in bash where its first line says so, and in sh otherwise', async () => {
    const which = '[ -n "$BASH_VERSION" ] && echo bash || echo other';
    expect(await show('a.sh', `#!/bin/bash\n${which}`)).toMatchObject({ command: expect.stringMatching(/\/bash$/) });
    expect(await show('a.sh', `#!/usr/bin/env bash\n${which}`)).toMatchObject({ output: 'bash\n' });
    expect(await show('a.sh', `#!/usr/bin/python3\n${which}`)).toMatchObject({
      command: expect.stringMatching(/\/sh$/),
    });
  });

  it('with the x bit and a first line #! it is run by itself, whatever its ending', async () => {
    expect(await show('a.py', '#!/bin/sh\necho "direct $1"', 0o755)).toMatchObject({
      command: expect.stringMatching(/scripts\/a\.py$/),
      args: ['one two'],
      output: 'direct one two\n',
    });
    expect(await show('plain', '#!/usr/bin/env -S sh -u\necho plain', 0o755)).toMatchObject({ output: 'plain\n' });
  });

  it('with the x bit and no first line the ending says', async () => {
    expect(await show('a.py', 'print("py")', 0o755)).toMatchObject({ output: 'py\n' });
  });

  it('a program is run by itself', async () => {
    const { bench } = under;
    bench.skill('s');
    mkdirSync(join(bench.skills, 's/scripts'));
    copyFileSync('/bin/echo', join(bench.skills, 's/scripts/program'));
    expect(await bench.run('s', { args: ['hi'] })).toMatchObject({ output: 'hi\n', args: ['hi'] });
  });

  it('without x bit and known ending it is refused, saying chmod +x, and is no tool', async () => {
    const { bench } = under;
    bench.skill('s', { 'a.sh': '', plain: '#!/bin/sh\necho x', 'data.json': '{}' });
    for (const script of ['plain', 'data.json']) {
      expect(await bench.check('s', { script })).toMatchObject({
        code: 'denied',
        message: expect.stringContaining('chmod +x'),
      });
    }
    expect((await bench.executor.catalogue.get('s')).scripts).toEqual(['a.sh']);
  });

  it('an interpreter that is not installed is not found, by its name', async () => {
    vi.stubEnv('PATH', under.bench.base);
    const { bench } = under;
    bench.skill('s', {
      'a.rb': 'puts 1',
      env: { text: '#!/usr/bin/env no-such-program\n', mode: 0o755 },
      path: { text: '#!/no/such/program -x\n', mode: 0o755 },
      windows: { text: '#!/bin/sh\r\necho x\r\n', mode: 0o755 },
    });
    const refusal = async (script: string) => (await bench.check('s', { script })) as Error;
    expect(await refusal('a.rb')).toMatchObject({
      code: 'not_found',
      message: 'task "a": script "a.rb" needs ruby, which is not installed where ExecGo runs',
    });
    expect((await refusal('env')).message).toContain('needs no-such-program');
    expect((await refusal('path')).message).toContain('needs /no/such/program');
    expect((await refusal('windows')).message).toContain('carriage return');
  });

  it('the settings add, change and take away', async () => {
    const bench = new Bench({ interpreters: { '.txt': ['cat', '--'], '.sh': ['echo', 'not run:'], '.py': [] } });
    try {
      bench.skill('s', { 'a.txt': 'text', 'a.sh': 'exit 1', 'a.py': 'exit(1)' });
      expect((await bench.executor.catalogue.get('s')).scripts).toEqual(['a.sh', 'a.txt']);
      expect(await bench.run('s/a.txt')).toMatchObject({ output: 'text' });
      expect((await bench.run('s/a.sh')).output).toMatch(/^not run: .*a\.sh\n$/);
      expect(await bench.check('s/a.py')).toMatchObject({ code: 'denied' });
    } finally {
      await bench.dispose();
    }
  });

  it('the task does not choose it: PATH of the task is not where it is looked for', async () => {
    const bench = new Bench({ shellPolicy: 'open' });
    try {
      bench.skill('s', { 'a.sh': 'echo true' });
      bench.write('workspace/sh', { text: '#!/bin/sh\necho EVIL\n', mode: 0o755 });
      expect(await bench.run('s', { env: { PATH: `${bench.root}:/usr/bin:/bin` } })).toMatchObject({
        output: 'true\n',
      });
    } finally {
      await bench.dispose();
    }
  });

  it.each([
    'PATH',
    'HOME',
    'BASH_FUNC_grep%%',
    'PYTHONPATH',
    'NODE_OPTIONS',
    'PERL5LIB',
    'LD_PRELOAD',
    'BASH_ENV',
    'SKILL_DIR',
    'EXECGO_RUN',
  ])('the variable %s, which would run other code or mislead, is denied', async (name) => {
    under.bench.skill('s', { 'a.sh': 'echo x' });
    expect(await under.bench.check('s', { env: { [name]: 'x' } })).toMatchObject({
      code: 'denied',
      message: expect.stringContaining(`env.${name}`),
    });
  });
});

describe('a script stays in the scripts folder of its skill', () => {
  it.each([
    ['../SKILL.md', 'denied'],
    ['../../other/scripts/x.sh', 'denied'],
    ['sub/../../x.sh', 'denied'],
    ['sub/../a.sh', 'denied'],
    ['/bin/sh', 'denied'],
    ['//bin/sh', 'denied'],
    ['.hidden.sh', 'denied'],
    ['a.sh\0.py', 'invalid_input'],
    ['x'.repeat(5000), 'invalid_input'],
    ['', 'invalid_input'],
    ['.', 'invalid_input'],
    ['a.sh/x', 'not_found'],
    ['missing.sh', 'not_found'],
    ['sub', 'denied'],
    ['link-out.sh', 'denied'],
    ['link-to-folder/x.sh', 'denied'],
    ['link-up.sh', 'denied'],
    ['link-broken.sh', 'not_found'],
    ['link-loop.sh', 'denied'],
  ])('%j: %s, at submit and when it runs', async (script, code) => {
    const { bench } = under;
    bench.write('outside/x.sh', { text: '#!/bin/sh\necho EVIL', mode: 0o755 });
    bench.skill('other', { 'x.sh': 'echo other' });
    bench.skill('s', {
      'a.sh': 'echo a',
      'sub/b.sh': 'echo b',
      '.hidden.sh': 'echo hidden',
      'link-out.sh': { link: '../../../outside/x.sh' },
      'link-to-folder': { link: '../../../outside' },
      'link-up.sh': { link: '../SKILL.md' },
      'link-broken.sh': { link: 'nowhere' },
      'link-loop.sh': { link: 'link-loop.sh' },
    });
    expect(await bench.check('s', { script })).toMatchObject({ code });
    await expect(bench.execute('s', { script })).rejects.toMatchObject({ code });
    expect(await bench.check(`s/${script}`)).toMatchObject({ code });
  });

  it('links inside it are followed', async () => {
    const { bench } = under;
    bench.skill('s', { 'sub/real.sh': 'echo real', 'alias.sh': { link: 'sub/real.sh' } });
    expect(await bench.run('s/alias.sh')).toMatchObject({
      output: 'real\n',
      args: [expect.stringMatching(/sub\/real\.sh$/)],
    });
  });

  it('a scripts folder that is itself a link out of the skill has no scripts', async () => {
    const { bench } = under;
    bench.write('outside/x.sh', 'echo EVIL');
    bench.skill('s');
    symlinkSync('../../outside', join(bench.skills, 's/scripts'));
    expect((await bench.executor.catalogue.get('s')).scripts).toEqual([]);
    expect(await bench.check('s', { script: 'x.sh' })).toMatchObject({ code: 'denied' });
  });

  it('a pipe or a socket is no script', async () => {
    const { bench } = under;
    bench.skill('s', { 'a.sh': 'echo a' });
    execFileSync('/usr/bin/mkfifo', ['-m', '755', join(bench.skills, 's/scripts/fifo')]);
    expect(await bench.check('s', { script: 'fifo' })).toMatchObject({ code: 'denied' });
  });
});

describe('what was checked is what runs', () => {
  const outside = '#!/bin/sh\necho EVIL\n';

  it('a script that was exchanged for a link after the submit is refused', async () => {
    const { bench } = under;
    const evil = bench.write('outside.sh', { text: outside, mode: 0o755 });
    bench.skill('s', { 'a.sh': 'echo good' });
    expect(await bench.check('s')).toBeUndefined();
    rmSync(join(bench.skills, 's/scripts/a.sh'));
    symlinkSync(evil, join(bench.skills, 's/scripts/a.sh'));
    await expect(bench.execute('s', { script: 'a.sh' })).rejects.toMatchObject({ code: 'denied' });
  });

  it.each(['file', 'folder', 'other file'] as const)(
    'what is exchanged while it is about to run (%s) is refused',
    async (what) => {
      let exchange: () => void = () => undefined;
      const confinement: Confinement = {
        ...noConfinement,
        async confine(command) {
          exchange();
          return noConfinement.confine(command);
        },
      };
      const bench = new Bench({ confinement });
      try {
        bench.write('outside/a.sh', { text: outside, mode: 0o755 });
        bench.skill('s', { 'a.sh': { text: '#!/bin/sh\necho good\n', mode: 0o755 } });
        expect(await bench.run('s')).toMatchObject({ output: 'good\n' });
        const scripts = join(bench.skills, 's/scripts');
        exchange = () => {
          renameSync(what === 'folder' ? scripts : join(scripts, 'a.sh'), join(bench.base, 'away'));
          if (what === 'folder') symlinkSync(join(bench.base, 'outside'), scripts);
          else if (what === 'file') symlinkSync(join(bench.base, 'outside/a.sh'), join(scripts, 'a.sh'));
          else linkSync(join(bench.base, 'outside/a.sh'), join(scripts, 'a.sh'));
        };
        await expect(bench.execute('s')).rejects.toMatchObject({
          code: 'denied',
          message: expect.stringContaining('exchanged'),
        });
      } finally {
        await bench.dispose();
      }
    },
  );

  it('a check that passed lately is not made again, but the run makes it', async () => {
    const bench = new Bench({ rescanMs: 600_000 });
    try {
      bench.skill('s', { 'a.sh': 'echo good' });
      expect(await bench.check('s')).toBeUndefined();
      rmSync(join(bench.skills, 's/scripts/a.sh'));
      expect(await bench.check('s')).toBeUndefined();
      await expect(bench.execute('s')).rejects.toMatchObject({ code: 'not_found' });
    } finally {
      await bench.dispose();
    }
  });

  it('a script that is removed, or loses its rights, is told so when it runs', async () => {
    const { bench } = under;
    bench.skill('s', { 'a.sh': 'echo a', plain: { text: '#!/bin/sh\necho x', mode: 0o755 } });
    chmodSync(join(bench.skills, 's/scripts/plain'), 0o644);
    await expect(bench.execute('s', { script: 'plain' })).rejects.toMatchObject({ code: 'denied' });
    rmSync(join(bench.skills, 's/scripts/a.sh'));
    await expect(bench.execute('s/a.sh')).rejects.toMatchObject({ code: 'not_found' });
    rmSync(join(bench.skills, 's'), { recursive: true });
    await expect(bench.execute('s/a.sh')).rejects.toMatchObject({ code: 'not_found' });
  });
});
