import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * One plain script from a TypeScript file and all that it imports, for a test that needs a process of its own to kill: a child
 * that runs it starts in a tenth of a second. Packages with native code have to stay outside: they are looked for from `outDir`.
 *
 * @param source the file, as `new URL('./child.ts', import.meta.url)`
 * @param outDir folder to write to
 * @param external names of packages to leave out of it @default none
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
    noExternal: [allBut(external)],
    external: [...external],
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ['@execgo/source'];
    },
  });
  return join(outDir, `${name}.mjs`);
}

/** Matches every import but those of these packages and of what lies in them: the bundler asks it first. */
function allBut(packages: readonly string[]): RegExp {
  const names = packages.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return names.length === 0 ? /.*/ : new RegExp(`^(?!(?:${names.join('|')})(?:/|$))`);
}
