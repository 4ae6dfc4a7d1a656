import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** The path with every link in its existing part resolved; the part that does not exist is left as it is. */
export function existingRealPath(path: string): string {
  const missing: string[] = [];
  for (let existing = path; ; existing = dirname(existing)) {
    try {
      return join(realpathSync.native(existing), ...missing);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || dirname(existing) === existing) throw error;
      missing.unshift(basename(existing));
    }
  }
}
