import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/**
 * Builds the entry of the threads from the sources of now: a thread cannot be started from TypeScript, and what an earlier build
 * left would be tested instead.
 */
export async function setup(): Promise<void> {
  await buildWorker(fileURLToPath(new URL('../dist', import.meta.url)), 'js');
}

/** Writes the entry of the threads into a folder: `worker.js` for the package, `worker.mjs` for beside a bundled script. */
export async function buildWorker(outDir: string, extension: 'js' | 'mjs'): Promise<void> {
  await build({
    config: false,
    entry: { worker: fileURLToPath(new URL('../src/worker.ts', import.meta.url)) },
    outDir,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    outExtension: () => ({ js: `.${extension}` }),
    noExternal: [/^@execgo\//],
    clean: false,
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ['@execgo/source'];
    },
  });
}
