import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedState } from './support/shared-state.js';

/** It is run before each file, and not only when a worker loads it. */
const SETUP = join('test', 'setup.ts');

/** The modules of all tests, those of testkit with them. */
const modules = ['packages', 'apps', 'examples']
  .flatMap((group) => readdirSync(group).map((name) => join(group, name, 'test')))
  .concat('packages/testkit/src', 'test')
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))))
  .filter((path) => path.endsWith('.ts') && !path.includes('node_modules') && path !== SETUP);

it('a test file leaves nothing to the files after it', () => {
  expect(modules.length).toBeGreaterThan(200);
  const found = modules.flatMap((path) => sharedState(path, readFileSync(path, 'utf8')).map((at) => `${path}:${at}`));
  expect(found).toEqual([]);
});

describe('the checker', () => {
  it('sees a hook that a helper registers when it is loaded', () => {
    const source = [
      "import { afterAll, afterEach } from 'vitest';",
      'afterEach(() => {});',
      'export const folder = fresh(afterAll);',
      'export function use(atEnd = afterAll) { afterEach(() => {}); }',
      'export const later = () => afterAll(() => {});',
    ].join('\n');
    expect(sharedState('support/helper.ts', source)).toEqual(['2: afterEach', '3: afterAll']);
    expect(sharedState('some.test.ts', source)).toEqual([]);
  });

  it('sees a variable of the environment that is set or deleted by hand', () => {
    const source = ["it('', () => {", "process.env.A = 'b';", "delete process.env['A'];", 'use(process.env.A);', '});'];
    expect(sharedState('some.test.ts', source.join('\n'))).toEqual([
      "2: process.env.A = 'b'",
      "3: delete process.env['A']",
    ]);
  });
});
