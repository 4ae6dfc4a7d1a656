import { defineConfig, type Options } from 'tsup';

/** The build of every package: one ES module. Declarations are for those who publish: scripts/emit-declarations.mjs. */
export function packageConfig(overrides: Options = {}): ReturnType<typeof defineConfig> {
  return defineConfig(packageOptions(overrides));
}

/** The same, for a package that is built in more than one go. */
export function packageOptions(overrides: Options = {}): Options {
  return {
    entry: ['src/index.ts'],
    format: 'esm',
    target: 'node20',
    platform: 'node',
    sourcemap: true,
    clean: true,
    treeshake: true,
    silent: true,
    ...overrides,
  };
}
