import { createRequire } from 'node:module';
import { ExecGoError, errorMessage } from '@execgo/core';
import type Database from 'better-sqlite3';
import { systemCode } from './store-errors.js';

export type SqliteDatabase = Database.Database;
export type SqliteStatement = Database.Statement<unknown[]>;
type Constructor = new (file: string, options?: Database.Options) => SqliteDatabase;

const FIRST_REFUSED_NODE = 24;

let loaded: Constructor | undefined;

/**
 * The driver of SQLite. It is an optional dependency with native code, so it is loaded when it is first needed.
 *
 * @throws ExecGoError `unavailable` that says what to install, and what a build needs
 */
export function loadSqlite(load: (name: string) => unknown = createRequire(import.meta.url)): Constructor {
  if (loaded !== undefined) return loaded;
  refuseNode24();
  const driver = required(load);
  try {
    // The native part is looked for by the first database, not by the import.
    new driver(':memory:').close();
  } catch (cause) {
    throw new ExecGoError(
      'unavailable',
      `the package better-sqlite3 is installed, but its native part does not load (${firstLine(cause)}). Run: npm rebuild better-sqlite3; where no binary for this platform can be fetched, the build needs python3 and a C++ compiler`,
      { cause },
    );
  }
  loaded = driver;
  return driver;
}

/**
 * There the destructors of better-sqlite3 12 ask for the environment of a thread at a moment when none runs, and the process ends
 * (an assertion in `RemoveEnvironmentCleanupHook`) as soon as a statement or a database is collected as garbage.
 */
function refuseNode24(): void {
  if (Number.parseInt(process.versions.node, 10) < FIRST_REFUSED_NODE) return;
  throw new ExecGoError(
    'unavailable',
    `store-sqlite does not run on Node ${process.versions.node}: better-sqlite3 12 ends the process there. Use Node 20, or another store`,
  );
}

function required(load: (name: string) => unknown): Constructor {
  try {
    return load('better-sqlite3') as Constructor;
  } catch (cause) {
    const isMissing = systemCode(cause) === 'MODULE_NOT_FOUND';
    throw new ExecGoError(
      'unavailable',
      `the package better-sqlite3 is ${isMissing ? 'not installed' : `not usable (${firstLine(cause)})`}. Run: npm install better-sqlite3; where no binary for this platform can be fetched, the build needs python3 and a C++ compiler`,
      { cause },
    );
  }
}

function firstLine(error: unknown): string {
  return errorMessage(error).split('\n', 1)[0] as string;
}
