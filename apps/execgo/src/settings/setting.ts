import type { Kind } from './kinds.js';

/** Where a setting can come from, strongest first; `option` is a value given by the program that embeds the server. */
export type SourceKind = 'option' | 'flag' | 'variable' | 'file';

/** One setting, declared once: the flag, the variable and the key of the config file have their names from its name. */
export interface Setting<T = unknown> {
  readonly kind: Kind<NonNullable<T>>;
  /** As a user would write it; absent where there is none, or where it depends on other settings. */
  readonly default?: string;
  /** Says in the help what holds where there is no fixed default. */
  readonly otherwise?: string;
  readonly help: string;
  /** Where it cannot be given. */
  readonly notAs?: readonly SourceKind[];
  /** Its value is never shown. */
  readonly secret?: true;
}

interface Declaration {
  readonly otherwise?: string;
  readonly help: string;
  readonly notAs?: readonly SourceKind[];
  readonly secret?: true;
}

/** A setting that always has a value. */
export function setting<T>(kind: Kind<T>, declaration: Declaration & { readonly default: string }): Setting<T> {
  return { kind: kind as Kind<NonNullable<T>>, ...declaration };
}

/** A setting that may be left open. */
export function optional<T>(kind: Kind<T>, declaration: Declaration): Setting<T | undefined> {
  return { kind: kind as Kind<NonNullable<T>>, ...declaration };
}

/** `maxConcurrency` → `--max-concurrency` */
export function flagOf(name: string): string {
  return `--${kebab(name)}`;
}

/** `maxConcurrency` → `EXECGO_MAX_CONCURRENCY` */
export function variableOf(name: string): string {
  return `EXECGO_${kebab(name).replaceAll('-', '_').toUpperCase()}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
