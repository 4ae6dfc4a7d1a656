import { describe, expect, it } from 'vitest';
import { MAX_FRONT_MATTER_BYTES, readFrontMatter } from '../src/front-matter.js';

const read = (text: string) => readFrontMatter(Buffer.from(text));
const problemOf = (text: string) => {
  const result = read(text);
  return result.ok ? undefined : result.problem;
};

describe('the front matter of a SKILL.md', () => {
  it.each([
    ['Unix line ends', '---\nname: x\n---\nbody\n', 'body\n'],
    ['Windows line ends', '---\r\nname: x\r\n---\r\nbody\r\n', 'body\r\n'],
    ['a byte order mark', '\ufeff---\nname: x\n---\nbody', 'body'],
    ['spaces after the dashes', '---  \nname: x\n--- \t\nbody', 'body'],
    ['no body', '---\nname: x\n---', ''],
    ['a rule in its body', '---\nname: x\n---\na\n---\nb', 'a\n---\nb'],
  ])('is read with %s', (_what, text, body) => {
    expect(read(text)).toEqual({ ok: true, fields: { name: 'x' }, body, warnings: [] });
  });

  it('keeps values as they are written: no number, no date, no truth value', () => {
    const text = '---\nversion: 1.0\ndate: 2026-01-02\nflag: yes\nnone: null\nempty:\nunicode: "日本語 🚀"\n---\n';
    expect(read(text)).toMatchObject({
      fields: { version: '1.0', date: '2026-01-02', flag: 'yes', none: 'null', empty: '', unicode: '日本語 🚀' },
    });
  });

  it('takes folded texts, lists and nested fields', () => {
    const text = '---\ndescription: >-\n  two\n  lines\nlist: [a, b]\nmetadata:\n  author: me\n  tags:\n    - x\n---\n';
    expect(read(text)).toMatchObject({
      fields: { description: 'two lines', list: ['a', 'b'], metadata: { author: 'me', tags: ['x'] } },
    });
  });

  it('a key of every object is a field like any other', () => {
    const result = read('---\n__proto__: x\nconstructor: y\n---\n');
    expect(result.ok && Object.entries(result.fields)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('gives tags no meaning, and says so', () => {
    expect(read('---\na: !!js/function "f"\n---\n')).toMatchObject({
      fields: { a: 'f' },
      warnings: [expect.stringMatching(/tag.*in line 2/)],
    });
  });

  it.each([
    ['no front matter', '# Title\n', /there is no front matter/],
    ['an empty file', '', /there is no front matter/],
    ['no end', '---\nname: x\n', /has no end/],
    ['a text instead of fields', '---\njust text\n---\n', /no list of fields/],
    ['nothing in it', '---\n---\n', /no list of fields/],
    ['a list instead of fields', '---\n- x\n---\n', /no list of fields/],
    ['a colon in a text', '---\nname: x\ndescription: Use when: asked\n---\n', /no valid YAML in line 3: .*quotes/],
    ['a key twice', '---\nname: x\nname: y\n---\n', /no valid YAML in line 3: Map keys must be unique$/],
    ['an open bracket', '---\nname: x\n\nlist: [a, b\n---\n', /no valid YAML in line \d/],
    ['an alias to itself', '---\na: &a\n  b: *a\n---\n', /cannot be used/],
  ])('is refused for %s, with the reason', (_what, text, problem) => {
    expect(problemOf(text)).toMatch(problem);
  });

  it('is refused when it is not UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('---\nname: '), Buffer.from([0xff, 0xfe]), Buffer.from('\n---\n')]);
    expect(readFrontMatter(bytes)).toMatchObject({ ok: false, problem: expect.stringContaining('UTF-8') });
  });

  it('is refused when it is too large', () => {
    expect(problemOf(`---\na: ${'x'.repeat(MAX_FRONT_MATTER_BYTES)}\n---\n`)).toMatch(/larger than 16384 bytes/);
  });

  it.each([
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'.replace(/./g, (key) => `${key}: &${key} [${Array(9).fill(`*${String.fromCharCode(key.charCodeAt(0) - 1)}`)}]\n`)}`,
    ],
    ['brackets', '['.repeat(16_000)],
    ['braces', '{a: '.repeat(4_000)],
    ['dashes', `${'- '.repeat(8_000)}x`],
    ['question marks', '? '.repeat(8_000)],
    ['keys on one line', 'a: '.repeat(5_000)],
    ['anchors', '&a '.repeat(5_000)],
    ['tags', '!a '.repeat(5_000)],
  ])('costs little and harms nothing: %s', (_what, yaml) => {
    const start = process.cpuUsage();
    expect(problemOf(`---\n${yaml}\n---\n`)).toBeDefined();
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  });
});
