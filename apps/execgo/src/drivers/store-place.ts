import { join, resolve } from 'node:path';
import { path as pathKind } from '../settings/kinds.js';
import { SettingsError } from '../settings/settings-error.js';
import type { Settings } from '../settings/table.js';

/** Where a store is: which driver keeps it, and the place that this driver calls its own. */
export interface StorePlace {
  /** `jsonfile`, `sqlite`, `archive`, `memory`, or the name of a package. */
  readonly kind: string;
  /** Absolute. */
  readonly path: string;
}

const SQLITE_FILE = 'execgo.db';
const EXPECTED = 'jsonfile:<directory>, sqlite:<file>, archive:<file>, or <package>:<path>';

/** `jsonfile:./data`, as a flag has it. @throws SettingsError naming the flag */
export function parsePlace(flag: string, text: string, cwd: string): StorePlace {
  const colon = text.indexOf(':');
  const kind = text.slice(0, Math.max(0, colon)).trim();
  const path = pathKind.fromText(text.slice(colon + 1), cwd);
  if (kind === '' || path === undefined) {
    throw new SettingsError(`${flag}: expected ${EXPECTED}, got ${JSON.stringify(text)}`);
  }
  // Without a slash at the end, so that one place has one name.
  return { kind, path: resolve(path) };
}

/** The store that the settings name. */
export function placeOf(settings: Settings): StorePlace {
  const { store: kind, dataDir } = settings;
  if (kind !== 'sqlite') return { kind, path: dataDir };
  const { sqlitePath } = settings as { readonly sqlitePath?: string };
  return { kind, path: sqlitePath ?? join(dataDir, SQLITE_FILE) };
}

/** As `parsePlace` reads it. */
export function placeText({ kind, path }: StorePlace): string {
  return `${kind}:${path}`;
}
