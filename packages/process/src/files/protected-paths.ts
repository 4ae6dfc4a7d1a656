import { type Stats, statSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { existingRealPath } from './existing-real-path.js';

const RECENT_MS = 1_000;

/** Paths that no tool may touch, nor anything below them, whatever name leads there. */
export class ProtectedPaths {
  private readonly paths: readonly string[];
  private last: { readonly now: ProtectedNow; readonly at: number } | undefined;

  /** @param paths need not exist yet; relative ones count from the current folder */
  constructor(paths: readonly string[]) {
    this.paths = paths.map((path) => resolve(path));
  }

  /** What they were at most a second ago: for checks ahead of time, of which a big graph brings thousands at once. */
  recently(): ProtectedNow {
    const at = performance.now();
    if (this.last === undefined || at - this.last.at > RECENT_MS) this.last = { now: this.now(), at };
    return this.last.now;
  }

  /** What they are at this moment: a data directory may have been made, or made anew, since. */
  now(): ProtectedNow {
    const identities = new Set<string>();
    const names: string[] = [];
    for (const path of this.paths) {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats !== undefined) identities.add(identity(stats));
      names.push(path);
      const real = existingRealPath(path);
      if (real !== path) names.push(real);
    }
    return new ProtectedNow(identities, names);
  }
}

/** The protected paths as they were when one operation began. */
export class ProtectedNow {
  constructor(
    private readonly identities: ReadonlySet<string>,
    private readonly names: readonly string[],
  ) {}

  /** Whether this very file or folder is one of them. */
  holds(stats: Stats): boolean {
    return this.identities.has(identity(stats));
  }

  /** Whether a path is one of them or lies below one, by name: also where nothing exists yet. */
  covers(path: string): boolean {
    return this.names.some((name) => path === name || (path.startsWith(name) && path[name.length] === sep));
  }
}

/** Device and inode: the same for every name of one file. */
function identity(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}
