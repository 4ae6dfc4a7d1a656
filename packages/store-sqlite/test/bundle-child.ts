import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleScript } from '@execgo/testkit';
import { buildWorker } from './global-setup.js';

/** A script for a child process, with the entry of the threads beside it and the native package within reach. */
export async function bundleChild(name: string, outDir: string): Promise<string> {
  await buildWorker(outDir, 'mjs');
  await symlink(fileURLToPath(new URL('../node_modules', import.meta.url)), join(outDir, 'node_modules'));
  return bundleScript(new URL(`./${name}.ts`, import.meta.url), outDir);
}
