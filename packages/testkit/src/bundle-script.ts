import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * One plain script from a TypeScript file and all that it imports, for a test that needs a process of its own to kill: a child
 * that runs it starts in a tenth of a second. Packages with native code stay outside: they are imported from `outDir`.
 *
 * @param source the file, as `new URL('./child.ts', import.meta.url)`
 * @param outDir folder to write to
 * @param external packages to leave out of it
 * @returns path of the script
 */
export async function bundleScript(source: URL, outDir: string, external: readonly string[] = []): Promise<string> {
  // Loaded here: who uses the other parts of this package needs no bundler.
  const { build } = await import('tsup');
  const file = fileURLToPath(source);
  const name = basename(file, extname(file));
  await build({
    config: false,
    entry: { [name]: file },
    outDir,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/.*/],
    external: [...external],
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ['@execgo/source'];
    },
  });
  return join(outDir, `${name}.mjs`);
}
