import { CacheIndex } from '../../src/cache-index.js';
import type { Change } from '../../src/change.js';

/**
 * The index without its protection: an append forgets nothing and stops no fill. What a checker must find out, or it finds
 * nothing.
 */
export class CarelessIndex extends CacheIndex {
  override beginChange(): readonly number[] {
    return [];
  }

  override endChange(): void {}
}

/** It forgets what is cached, but lets a value that was read before an append be filled in after it. */
export class LateFillIndex extends CacheIndex {
  override beginChange(change: Change): readonly number[] {
    return [...change.ids()].flatMap((id) => {
      const entry = this.entryOf(id);
      if (entry !== undefined) this.forget(id, entry);
      return entry === undefined ? [] : [entry];
    });
  }

  override endChange(): void {}
}
