import { defineConfig, type Options } from 'tsup';

/**
 * The build of every package: one ES module and its declarations. Declarations are made against the built
 * declarations of our other packages (tsconfig.build.json), as a user of the published package sees them.
 */
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
    tsconfig: '../../tsconfig.build.json',
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    silent: true,
    ...overrides,
  };
}
