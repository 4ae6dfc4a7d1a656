// Puts the declarations of every public package into its dist, for those who publish: no code in here reads them, and made
// package by package they take longer than all the rest of a build. One program makes them all.
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { publicPackages } from './public-packages.mjs';
import { ROOT, run, ToolError } from './toolchain.mjs';

const EMITTED = join(ROOT, '.cache', 'declarations');

export async function emitDeclarations() {
  rmSync(EMITTED, { recursive: true, force: true });
  const status = await run('tsc', ['-p', 'tsconfig.declarations.json']);
  if (status !== 0) throw new ToolError('no declarations: the reason stands above');
  for (const { folder } of publicPackages()) {
    const sources = join(EMITTED, relative(ROOT, folder), 'src');
    if (existsSync(sources)) cpSync(sources, join(folder, 'dist'), { recursive: true });
  }
}
