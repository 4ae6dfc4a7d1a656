import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '@execgo/testkit';
import { describe, expect, it } from 'vitest';
import { Bench, MANIFEST, useBench } from './support/bench.js';

const under = useBench();

describe('what is a skill', () => {
  it('a folder with a SKILL.md, by the name in that', async () => {
    const { bench } = under;
    bench.skill('plain');
    bench.skill('folder', {}, MANIFEST('other'));
    bench.write('skills/README.md', 'no skill');
    bench.write('skills/.hidden/SKILL.md', MANIFEST('hidden'));
    expect(await bench.names()).toEqual(['other', 'plain']);
    expect(bench.warnings).toEqual([expect.stringMatching(/\/skills\/folder\/SKILL\.md: name: "other" differs/)]);
  });

  it.each([
    ['no SKILL.md', undefined, /no-good\/SKILL\.md: the skill is left out: there is no such file/],
    ['no front matter', 'text', /left out: there is no front matter/],
    ['bad YAML', '---\nname: x\ndescription: a: b\n---\n', /left out: .*no valid YAML in line 3/],
    ['no name', '---\ndescription: d\n---\n', /left out: name: is required/],
    ['no description', '---\nname: x\n---\n', /left out: description: is required/],
    ['the reserved name', MANIFEST('cli.run'), /left out: name: cli\.run is reserved/],
    ['a huge SKILL.md', MANIFEST('x') + 'x'.repeat(256 * 1024), /left out: the file is larger than 262144 bytes/],
    ['bytes that are no text', Buffer.from([0x2d, 0x2d, 0x2d, 0x0a, 0xff]), /left out: it is not UTF-8/],
    ['a SKILL.md that is a link', { link: '../../outside.md' }, /left out: .*symbolic link/],
  ] as const)('one with %s is left out, which is said; the others stay', async (_what, content, warning) => {
    const { bench } = under;
    bench.write('outside.md', MANIFEST('no-good'));
    bench.skill('good');
    if (content === undefined) mkdirSync(join(bench.skills, 'no-good'));
    else bench.write('skills/no-good/SKILL.md', content);
    expect(await bench.names()).toEqual(['good']);
    expect(bench.warnings).toEqual([expect.stringMatching(warning)]);
    expect(bench.warnings[0]).toContain(join(bench.skills, 'no-good', 'SKILL.md'));
  });

  it('with a byte order mark, Windows line ends and letters of the world', async () => {
    const { bench } = under;
    bench.skill('odd', {}, '\ufeff---\r\nname: odd\r\ndescription: Größe, 日本, 🚀\r\n---\r\nBody\r\n');
    expect(await bench.executor.catalogue.get('odd')).toMatchObject({
      description: 'Größe, 日本, 🚀',
      body: 'Body\r\n',
    });
    expect(bench.warnings).toEqual([]);
  });

  it('of two with one name the first folder’s counts, which is said', async () => {
    const bench = under.bench;
    const second = join(bench.base, 'second');
    bench.skill('twice', {}, MANIFEST('twice', 'license: first\n'));
    bench.write('second/twice/SKILL.md', MANIFEST('twice', 'license: second\n'));
    bench.write('second/more/SKILL.md', MANIFEST('more'));
    const warnings: string[] = [];
    const both = new Bench({
      skillsDirs: [
        { path: bench.skills, source: 'mine' },
        { path: second, source: 'theirs' },
      ],
      onWarning: (text) => warnings.push(text),
    });
    try {
      expect(await both.executor.catalogue.list()).toMatchObject([
        { name: 'more', source: 'theirs' },
        { name: 'twice', source: 'mine' },
      ]);
      expect(await both.executor.catalogue.get('twice')).toMatchObject({ license: 'first' });
      expect(warnings).toEqual([
        expect.stringMatching(/second\/twice\/SKILL\.md: .*left out: .*skills\/twice has the name/),
      ]);
    } finally {
      await both.dispose();
    }
  });

  it('a link to a skill counts inside the folder of skills, and is refused where it leads out', async () => {
    const { bench } = under;
    bench.write('outside/SKILL.md', MANIFEST('outside'));
    bench.write('skills/group/inner/SKILL.md', MANIFEST('inner'));
    bench.skill('group');
    symlinkSync(join(bench.base, 'outside'), join(bench.skills, 'outside'));
    symlinkSync('group/inner', join(bench.skills, 'inner'));
    symlinkSync('nowhere', join(bench.skills, 'broken'));
    expect(await bench.names()).toEqual(['group', 'inner']);
    expect(bench.warnings).toEqual([
      expect.stringMatching(/skills\/broken: is left out: .*leads nowhere/),
      expect.stringMatching(/skills\/outside: is left out: .*leads out of the folder of skills/),
    ]);
  });

  it('a folder of skills that cannot be read is told, and keeps no other from being read', async () => {
    const { bench } = under;
    bench.skill('good');
    const warnings: string[] = [];
    const loop = bench.write('loop', { link: 'loop' });
    const both = new Bench({ skillsDirs: [loop, bench.skills], onWarning: (text) => warnings.push(text) });
    try {
      expect(await both.names()).toEqual(['good']);
      expect(warnings).toEqual([expect.stringMatching(/loop: this folder of skills cannot be read/)]);
    } finally {
      await both.dispose();
    }
  });

  it('a folder that is itself a skill is explained', async () => {
    const { bench } = under;
    bench.write('skills/SKILL.md', MANIFEST('skills'));
    expect(await bench.names()).toEqual([]);
    expect(bench.warnings).toEqual([expect.stringMatching(/give that skill a folder of its own/)]);
  });
});

describe('what changes on disk', () => {
  it('is seen without a restart: new, changed, renamed and removed skills, new scripts', async () => {
    const { bench } = under;
    expect(await bench.names()).toEqual([]);
    bench.skill('first', { 'a.sh': 'echo a' });
    expect(await bench.names()).toEqual(['first']);
    bench.write('skills/first/scripts/b.sh', 'echo b');
    expect((await bench.executor.catalogue.get('first')).scripts).toEqual(['a.sh', 'b.sh']);
    bench.write('skills/first/SKILL.md', MANIFEST('first', 'license: new\n'));
    expect(await bench.executor.catalogue.get('first')).toMatchObject({ license: 'new' });
    renameSync(join(bench.skills, 'first'), join(bench.skills, 'second'));
    expect(await bench.names()).toEqual(['first']);
    expect(bench.warnings).toEqual([expect.stringMatching(/second\/SKILL\.md: name: "first" differs/)]);
    rmSync(join(bench.skills, 'second'), { recursive: true });
    expect(await bench.names()).toEqual([]);
  });

  it('is seen also when size and time of the file stay the same', async () => {
    const { bench } = under;
    const time = new Date(1_700_000_000_000);
    let changed = 0;
    for (const license of ['one', 'two']) {
      // Only the time of its change tells them apart, and that goes on by the tick of the kernel.
      await until(() => {
        const file = bench.write('skills/x/SKILL.md', MANIFEST('x', `license: ${license}\n`));
        utimesSync(file, time, time);
        return statSync(file).ctimeMs !== changed;
      });
      changed = statSync(join(bench.skills, 'x', 'SKILL.md')).ctimeMs;
      expect(await bench.executor.catalogue.get('x')).toMatchObject({ license });
    }
  });

  it('is looked for at most once in the time that is set', async () => {
    const bench = new Bench({ rescanMs: 600_000 });
    try {
      bench.skill('first');
      expect(await bench.names()).toEqual(['first']);
      bench.skill('second');
      expect(await bench.names()).toEqual(['first']);
    } finally {
      await bench.dispose();
    }
  });

  it('is complained of once, and again when it comes back', async () => {
    const { bench } = under;
    const breakIt = () => bench.write('skills/bad/SKILL.md', 'text');
    breakIt();
    await bench.names();
    await bench.names();
    expect(bench.warnings).toHaveLength(1);
    bench.write('skills/bad/SKILL.md', MANIFEST('bad'));
    await bench.names();
    breakIt();
    await bench.names();
    expect(bench.warnings).toHaveLength(2);
  });

  it('a folder of skills may be missing, and come later', async () => {
    const { bench } = under;
    rmSync(bench.skills, { recursive: true });
    expect(await bench.names()).toEqual([]);
    expect(bench.warnings).toEqual([expect.stringMatching(/skills: there is no such folder of skills/)]);
    bench.skill('late');
    expect(await bench.names()).toEqual(['late']);
  });
});

describe('bounds', () => {
  it('too many skills, files and folders are cut, which is said', async () => {
    const bench = new Bench({ bounds: { maxSkills: 2, maxFiles: 3, maxDepth: 1 }, rescanMs: 0 });
    const warnings: string[] = [];
    const bounded = new Bench({
      skillsDirs: [bench.skills],
      bounds: { maxSkills: 2, maxFiles: 3, maxDepth: 1 },
      onWarning: (text) => warnings.push(text),
    });
    try {
      for (const name of ['a', 'b', 'c']) bench.skill(name);
      for (const name of ['1', '2', '3', '4']) bench.write(`skills/a/${name}`, 'x');
      bench.write('skills/b/one/two/three', 'x');
      expect(await bounded.names()).toEqual(['a', 'b']);
      expect((await bounded.executor.catalogue.get('a')).files).toHaveLength(3);
      expect((await bounded.executor.catalogue.get('b')).files).toEqual([
        expect.objectContaining({ path: 'SKILL.md' }),
      ]);
      expect(warnings).toEqual([
        expect.stringMatching(/skills\/a: has more than 3 files and folders/),
        expect.stringMatching(/skills\/b: one\/two: lies deeper than 1 folders/),
        expect.stringMatching(/skills: has more than 2 skills/),
      ]);
    } finally {
      await bounded.dispose();
      await bench.dispose();
    }
  });
});

it('a folder of skills in the workspace, where tasks can write, is warned of', async () => {
  const bench = under.bench;
  const warnings: string[] = [];
  const other = new Bench({
    workspace: bench.base,
    skillsDirs: [bench.skills],
    onWarning: (text) => warnings.push(text),
  });
  try {
    expect(warnings).toEqual([expect.stringMatching(/lies in the workspace, where tasks can write/)]);
  } finally {
    await other.dispose();
  }
});
