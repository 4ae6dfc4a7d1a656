import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import ts from 'typescript';
import type { Manifest, PackageFacts } from './architecture.js';

/** Every package and app below `root`, with what each of its source and test files imports. */
export function readPackages(root: string): readonly PackageFacts[] {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map(readPackage);
}

function readPackage(folder: string): PackageFacts {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const files = ['src', 'test']
    .filter((name) => existsSync(join(folder, name)))
    .flatMap((name) => readdirSync(join(folder, name), { recursive: true }).map((file) => join(name, String(file))))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({
      path: path.split(sep).join('/'),
      imports: importsOf(readFileSync(join(folder, path), 'utf8')),
    }));
  return { name: manifest.name, manifest, files };
}

/** The modules named by static, type-only, re-exporting and literal dynamic imports; comments and strings don't count. */
export function importsOf(source: string): readonly string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map(({ fileName }) => fileName);
}
