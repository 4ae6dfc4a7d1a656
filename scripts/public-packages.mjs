import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, readJson } from './toolchain.mjs';

/** Folder and manifest of every package of this workspace that is published. */
export function publicPackages() {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readJson(join(folder, 'package.json')) }))
    .filter(({ manifest }) => manifest.private !== true);
}
