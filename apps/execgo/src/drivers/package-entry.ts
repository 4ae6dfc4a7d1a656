import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isJsonObject } from '@execgo/core';

/** Where a package lies, and the module that `import` would take. */
export interface PackageEntry {
  readonly folder: string;
  readonly file: string;
}

const CONDITIONS = new Set(['import', 'module-sync', 'node', 'default']);

/**
 * The package of this name in the `node_modules` of a folder or of one above it; undefined when there is none, or when it has
 * no entry to import. Node itself can look up `import` conditions from nowhere but the module that asks; this does it from
 * any folder (the main entry point of the ESM resolution in Node's documentation, without patterns).
 */
export function findPackage(name: string, from: string): PackageEntry | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = packageIn(join(folder, 'node_modules', name));
    if (found !== undefined || folder === dirname(folder)) return found;
  }
}

function packageIn(folder: string): PackageEntry | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    // No package here, or a broken one: the search goes on above, as Node's does.
    return undefined;
  }
  if (!isJsonObject(manifest)) return undefined;
  const { exports, main } = manifest;
  const entry = exports === undefined ? (typeof main === 'string' ? main : 'index.js') : exported(mainExport(exports));
  return entry === undefined ? undefined : { folder, file: join(folder, entry) };
}

function mainExport(exports: unknown): unknown {
  return isJsonObject(exports) && Object.hasOwn(exports, '.') ? exports['.'] : exports;
}

function exported(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (!isJsonObject(target)) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    const found = CONDITIONS.has(condition) ? exported(value) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
