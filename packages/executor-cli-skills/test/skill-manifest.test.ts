import { describe, expect, it } from 'vitest';
import { readManifest } from '../src/skill-manifest.js';

const read = (front: string, folder = 'x') => readManifest(Buffer.from(`---\n${front}\n---\nBody.\n`), folder);
const manifestOf = (front: string, folder?: string) => {
  const result = read(front, folder);
  if (!result.ok) expect.fail(result.problem);
  return result.manifest;
};
const problemOf = (front: string) => {
  const result = read(front);
  return result.ok ? undefined : result.problem;
};

describe('a manifest', () => {
  it('holds every field of the specification, and further ones as they are, without a warning', () => {
    const front =
      'name: x\ndescription: Does it.\nlicense: MIT\ncompatibility: Needs git\nmetadata:\n  author: me\n  version: 1.0\n' +
      'allowed-tools: Read\nargument-hint: "[file]"\ndisable-model-invocation: true';
    expect(manifestOf(front)).toEqual({
      name: 'x',
      description: 'Does it.',
      license: 'MIT',
      compatibility: 'Needs git',
      metadata: { author: 'me', version: '1.0' },
      allowed_tools: ['Read'],
      extra: { 'argument-hint': '[file]', 'disable-model-invocation': 'true' },
      body: 'Body.\n',
      warnings: [],
    });
  });

  it.each([
    ['allowed-tools: Read Write', ['Read', 'Write']],
    ['allowed-tools: Read, Write,Edit', ['Read', 'Write', 'Edit']],
    ['allowed-tools: Bash(git add:*), Bash(jq:*) Read', ['Bash(git add:*)', 'Bash(jq:*)', 'Read']],
    ['allowed-tools: [Read, "Bash(git log:*)"]', ['Read', 'Bash(git log:*)']],
    ['allowed-tools:\n  - Read\n  - Write', ['Read', 'Write']],
    ['allowed-tools:', []],
  ])('%j', (field, tools) => {
    const manifest = manifestOf(`name: x\ndescription: d\n${field}`);
    expect(manifest.allowed_tools).toEqual(tools);
    expect(manifest.warnings).toEqual([]);
  });

  it('takes its name from the file, not from the folder, and says so', () => {
    const { name, warnings } = manifestOf('name: x\ndescription: d', 'other');
    expect(name).toBe('x');
    expect(warnings).toEqual([expect.stringMatching(/^name: "x" differs from its folder "other".*rename the folder/)]);
  });

  it.each(['PDF-Tools', '-x', 'x-', 'a--b', 'a_b', 'a b', 'größe', '日本', 'x'.repeat(65)])(
    'a name that breaks the rules is kept, with a warning: %s',
    (name) => {
      const manifest = manifestOf(`name: ${name}\ndescription: d`, name);
      expect(manifest.name).toBe(name);
      expect(manifest.warnings).toEqual([expect.stringMatching(/^name: .*lowercase/)]);
    },
  );

  it.each(['a', 'a1', '2024', 'a-b-c', 'x'.repeat(64)])('a name by the rules brings none: %s', (name) => {
    expect(manifestOf(`name: ${name}\ndescription: d`, name).warnings).toEqual([]);
  });

  it('what is too long is kept, with a warning; characters are counted, not bytes', () => {
    const long = `name: x\ndescription: ${'d'.repeat(1025)}\ncompatibility: ${'c'.repeat(501)}`;
    expect(manifestOf(long).description).toHaveLength(1025);
    expect(manifestOf(long).warnings.map((text) => text.split(':')[0])).toEqual(['description', 'compatibility']);
    expect(manifestOf(`name: x\ndescription: ${'🚀'.repeat(1024)}`).warnings).toEqual([]);
  });

  it.each([
    ['license: [a]', 'license'],
    ['compatibility: {a: b}', 'compatibility'],
    ['metadata: text', 'metadata'],
    ['metadata: [a]', 'metadata'],
    ['allowed-tools: {a: b}', 'allowed-tools'],
    ['allowed-tools: [[a]]', 'allowed-tools'],
  ])('an optional field of the wrong kind is left out, with a warning: %s', (field, name) => {
    const { warnings, ...manifest } = manifestOf(`name: x\ndescription: d\n${field}`);
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${name}: expected .*left out`))]);
    expect(Object.keys(manifest).sort()).toEqual(['body', 'description', 'name']);
  });

  it.each([
    ['description: d', /^name: is required/],
    ['name:\ndescription: d', /^name: is required/],
    ['name: [x]\ndescription: d', /^name: expected a text/],
    ['name: a/b\ndescription: d', /^name: "a\/b" holds a slash/],
    ['name: "a\\nb"\ndescription: d', /^name: .* control character/],
    ['name: cli.run\ndescription: d', /^name: cli\.run is reserved/],
    [`name: ${'x'.repeat(257)}\ndescription: d`, /^name: is longer/],
    ['name: x', /^description: is required/],
    ['name: x\ndescription: "  "', /^description: is required/],
    ['name: x\ndescription: {a: b}', /^description: expected a text/],
  ])('is none without a name and a description that can be used: %j', (front, problem) => {
    expect(problemOf(front)).toMatch(problem);
  });
});
