import { renameSync, rmSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** Swaps a folder and a link under one name, as fast as it can, until told to stop. */
const { name, real, link, control } = workerData;
const flags = new Int32Array(control);
for (; Atomics.load(flags, 0) === 0; Atomics.add(flags, 1, 1)) {
  replace(name, real);
  replace(link, name);
  replace(name, link);
  replace(real, name);
}

/** In the moments without it, a write may make the folder anew, and go on writing into it while it is removed. */
function replace(from, to) {
  for (;;) {
    try {
      return renameSync(from, to);
    } catch {
      removeWhatCan(to);
    }
  }
}

function removeWhatCan(path) {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The next round tries again.
  }
}
