import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/** One plain script from a file beside this one and all that it imports: a child that runs it starts in a tenth of a second. */
export async function bundleScript(name: string, outDir: string): Promise<string> {
  await build({
    config: false,
    entry: { [name]: fileURLToPath(new URL(`./${name}.ts`, import.meta.url)) },
    outDir,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/.*/],
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ['@execgo/source'];
    },
  });
  return join(outDir, `${name}.mjs`);
}
