import { existsSync, readdirSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';

/** Our packages are tested from their sources; the rest is what Vite takes for Node by default. */
export const conditions = ['@execgo/source', 'module', 'node', 'development|production'];

/** Every workspace folder that has tests is a project of that name: `vitest run --project scheduler`. */
const projects = ['packages', 'apps']
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
    projects: projects.map(({ name, root }) => ({
      extends: true,
      test: {
        name,
        root,
        include: ['test/**/*.test.ts'],
        exclude: [...configDefaults.exclude, '**/*.long.test.ts'],
      },
    })),
  },
});
