import type { FileSystem } from './file-system.js';

/**
 * A disk on which flushes of a directory come one after the other, and none after one that failed: the kernel may have dropped
 * the names that it could not make durable, and a later flush, though asked for before, would tell of success. From then on
 * each rejects with that first error.
 */
export function namesFlushedOnce(fileSystem: FileSystem): FileSystem {
  let last: Promise<void> = Promise.resolve();
  return {
    makeDirectory: (path) => fileSystem.makeDirectory(path),
    list: (path) => fileSystem.list(path),
    open: (path, mode) => fileSystem.open(path, mode),
    rename: (from, to) => fileSystem.rename(from, to),
    remove: (path) => fileSystem.remove(path),
    syncDirectory: (path) => {
      last = last.then(() => fileSystem.syncDirectory(path));
      return last;
    },
  };
}
