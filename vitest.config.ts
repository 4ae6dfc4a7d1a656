import { existsSync, readdirSync } from 'node:fs';
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config';

/** Our packages are tested from their sources; the rest is what Vite takes for Node by default. */
export const conditions = ['@execgo/source', 'module', 'node', 'development|production'];

const LONG = '**/*.long.test.ts';
const END_TO_END = '**/*.e2e.test.ts';

/** Every workspace folder that has tests is a project of that name: `vitest run --project scheduler`. */
const folders = ['packages', 'apps', 'examples']
  .flatMap((group) => readdirSync(group).map((name) => ({ name, root: `${group}/${name}` })))
  .filter(({ root }) => existsSync(`${root}/test`))
  .concat({ name: 'workspace', root: '.' });

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    coverage: { include: ['packages/*/src/**', 'apps/*/src/**'] },
    projects: [
      ...folders.map(({ name, root }) => project(name, root, ['test/**/*.test.ts'], [END_TO_END])),
      project('e2e', '.', [`{packages,apps}/*/test/${END_TO_END}`, `test/${END_TO_END}`]),
    ],
  },
});

function project(name: string, root: string, include: string[], exclude: string[] = []): TestProjectConfiguration {
  return { extends: true, test: { name, root, include, exclude: [...configDefaults.exclude, LONG, ...exclude] } };
}
