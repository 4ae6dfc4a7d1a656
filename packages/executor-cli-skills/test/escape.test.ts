import { realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { isExecGoError } from '@execgo/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realFileOf } from '../src/skill-path.js';
import { Bench } from './support/bench.js';

const RUNS = 3_000;
let bench: Bench;

beforeAll(() => {
  bench = new Bench();
  bench.write('outside/secret.sh', 'echo EVIL');
  bench.write('skills/other/SKILL.md', 'other');
  bench.skill('s', {
    'a.sh': 'echo a',
    'sub/b.sh': 'echo b',
    'in.sh': { link: 'sub/b.sh' },
    'in-folder': { link: 'sub' },
    'out.sh': { link: '../../../outside/secret.sh' },
    'out-folder': { link: '../../../outside' },
    up: { link: '..' },
    'up-up': { link: '../..' },
    root: { link: '/' },
  });
});
afterAll(() => bench.dispose());

const NAMES =
  'a.sh sub b.sh in.sh in-folder out.sh out-folder up up-up root scripts SKILL.md s other outside secret.sh etc passwd';
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...NAMES.split(' ')) },
  { weight: 2, arbitrary: fc.constantFrom('..', '.', '', '%2e%2e', '..\\', '…', '.. ', '~', 'C:', '\0', '..\0') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);
const path = fc.array(name, { maxLength: 7 }).map((names) => names.join('/'));

it.each([
  ['scripts', 'scripts'],
  ['the skill', ''],
])(`a random path, asked for inside %s, is a file in there or is refused (${RUNS} paths)`, (_what, base) => {
  const folder = join(bench.skills, 's');
  const skill = { folder, place: 's' };
  let found = 0;
  fc.assert(
    fc.property(path, (asked) => {
      try {
        const { real, place } = realFileOf(skill, base, asked, 'script');
        expect(real.startsWith(join(folder, base) + sep)).toBe(true);
        expect(realpathSync(real)).toBe(real);
        expect(join(bench.skills, place)).toBe(real);
        found += 1;
      } catch (error) {
        if (!isExecGoError(error)) throw error;
        expect(['denied', 'not_found', 'invalid_input']).toContain(error.code);
      }
    }),
    { numRuns: RUNS },
  );
  expect(found).toBeGreaterThan(0);
});

it(`no random script name runs anything from outside (60 paths)`, async () => {
  await fc.assert(
    fc.asyncProperty(path, async (asked) => {
      const refusal = await bench.check('s', { script: asked });
      if (refusal !== undefined) {
        expect(['denied', 'not_found', 'invalid_input']).toContain((refusal as { code?: string }).code);
        return;
      }
      expect(['a\n', 'b\n']).toContain((await bench.run('s', { script: asked })).output);
    }),
    { numRuns: 60 },
  );
});
