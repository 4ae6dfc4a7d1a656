import { createRequire } from 'node:module';
import { ExecGoError, errorMessage } from '@execgo/core';
import type Database from 'better-sqlite3';
import { systemCode } from './store-errors.js';

export type SqliteDatabase = Database.Database;
export type SqliteStatement = Database.Statement<unknown[]>;
type Constructor = new (file: string, options?: Database.Options) => SqliteDatabase;

/** Names that the driver may be installed under, the preferred one first. */
const PACKAGES = ['better-sqlite3-13', 'better-sqlite3'] as const;
/**
 * From this Node on the destructors of better-sqlite3 12 ask for the environment of a thread at a moment when none runs, and the
 * process ends (an assertion in `RemoveEnvironmentCleanupHook`) as soon as a statement is collected as garbage. Version 13 has another
 * way into Node, which Node 20 does not bear.
 */
const FIRST_NODE_OF_13 = 24;
const NODE_MAJOR = Number.parseInt(process.versions.node, 10);

type Load = (name: string) => unknown;
const fromHere: Load = createRequire(import.meta.url);
let loaded: Constructor | undefined;

/**
 * The driver of SQLite, in the version for this Node. It is an optional dependency with native code, so it is loaded when it is first
 * needed.
 *
 * @throws ExecGoError `unavailable` that says what to install, and what a build needs
 */
export function loadSqlite(load: Load = fromHere): Constructor {
  if (loaded !== undefined && load === fromHere) return loaded;
  const name = installedName(load);
  const driver = required(load, name);
  try {
    // The native part is looked for by the first database, not by the import.
    new driver(':memory:').close();
  } catch (cause) {
    throw new ExecGoError(
      'unavailable',
      `the package ${name} is installed, but its native part does not load (${firstLine(cause)}). Run: npm rebuild ${name}; where no binary for this platform can be fetched, the build needs python3 and a C++ compiler`,
      { cause },
    );
  }
  if (load === fromHere) loaded = driver;
  return driver;
}

/** The package that holds the driver for this Node; where there is none, the one that should be there. */
function installedName(load: Load): string {
  const needs13 = NODE_MAJOR >= FIRST_NODE_OF_13;
  const others: string[] = [];
  for (const name of PACKAGES) {
    const version = versionOf(load, name);
    if (version === undefined) continue;
    if (Number.parseInt(version, 10) >= 13 === needs13) return name;
    others.push(version);
  }
  if (others.length === 0) return 'better-sqlite3';
  const wanted = needs13 ? '13' : '12';
  throw new ExecGoError(
    'unavailable',
    `store-sqlite needs better-sqlite3 ${wanted} on Node ${process.versions.node}, and ${others.join(' and ')} is installed. Run: npm install better-sqlite3@${wanted}`,
  );
}

function versionOf(load: Load, name: string): string | undefined {
  try {
    return (load(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function required(load: Load, name: string): Constructor {
  try {
    return load(name) as Constructor;
  } catch (cause) {
    const isMissing = systemCode(cause) === 'MODULE_NOT_FOUND';
    throw new ExecGoError(
      'unavailable',
      `the package ${name} is ${isMissing ? 'not installed' : `not usable (${firstLine(cause)})`}. Run: npm install better-sqlite3@${NODE_MAJOR >= FIRST_NODE_OF_13 ? '13' : '12'}; where no binary for this platform can be fetched, the build needs python3 and a C++ compiler`,
      { cause },
    );
  }
}

function firstLine(error: unknown): string {
  return errorMessage(error).split('\n', 1)[0] as string;
}
