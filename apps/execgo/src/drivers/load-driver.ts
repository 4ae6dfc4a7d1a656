import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { errorMessage } from '@execgo/core';
import { SettingsError } from '../settings/settings-error.js';
import { findPackage } from './package-entry.js';

/** A function that a driver package exports, and where the package lies. */
export interface LoadedDriver {
  readonly make: (settings: unknown) => unknown;
  readonly folder: string;
}

/** What a package cannot be used for without a function, where that is not everything. */
const WITHOUT: Readonly<Record<string, string>> = {
  createMaintenance: 'so backup, migrate and doctor cannot be used with it',
};

const PACKAGE_NAME = /^(?:@[a-z\d~-][a-z\d._~-]*\/)?[a-z\d~-][a-z\d._~-]*$/i;

/**
 * Loads a driver by the name of its package: from the `node_modules` of the current folder and those above, then from those
 * of this program.
 *
 * @param flag the setting that names it, for messages
 * @throws SettingsError when it is not installed, cannot be loaded, or does not export `maker`
 */
export async function loadDriver(flag: string, name: string, maker: string, cwd: string): Promise<LoadedDriver> {
  if (!PACKAGE_NAME.test(name)) {
    throw new SettingsError(`${flag} ${name}: expected the name of a package, such as @acme/execgo-driver`);
  }
  const found = findPackage(name, cwd) ?? findPackage(name, dirname(fileURLToPath(import.meta.url)));
  if (found === undefined) {
    throw new SettingsError(`${flag} ${name}: the package ${name} is not installed; run: npm install ${name}`);
  }
  const exports = await load(flag, name, found.file);
  const make = exports[maker];
  if (typeof make === 'function') return { make: make as LoadedDriver['make'], folder: found.folder };
  throw new SettingsError(
    `${flag} ${name}: the package in ${found.folder} does not export a function ${maker}, ${WITHOUT[maker] ?? `so it is no driver for ${flag}`}`,
  );
}

async function load(flag: string, name: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new SettingsError(`${flag} ${name}: the package cannot be loaded: ${errorMessage(cause)}`, { cause });
  }
}
