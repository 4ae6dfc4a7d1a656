import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ExecGoError } from '@execgo/core';

/**
 * Where the entry of the threads lies. A thread cannot be started from TypeScript, and a bundle has no other file but its own,
 * so the build writes `worker.js` beside `index.js`. Run from its sources, the package uses the one that was built; who bundles
 * it puts `worker.js` or `worker.mjs` beside the bundle.
 */
const PLACES = ['./worker.js', './worker.mjs', '../dist/worker.js'];

/** @throws ExecGoError `unavailable` where it is missing */
export function workerFile(base: string = import.meta.url): URL {
  // From a bundle, `..` is somebody else's folder.
  const places = base.endsWith('.ts') ? PLACES : PLACES.slice(0, 2);
  const found = places.map((place) => new URL(place, base)).find((url) => existsSync(fileURLToPath(url)));
  if (found !== undefined) return found;
  throw new ExecGoError(
    'unavailable',
    `the file worker.js of @execgo/store-sqlite is not beside ${fileURLToPath(base)}: install the package anew; from its sources: npm run bootstrap; a bundle needs its dist/worker.js beside it`,
  );
}
