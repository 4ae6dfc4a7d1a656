import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@execgo/testkit';
import { afterAll, beforeAll } from 'vitest';

/** Names of files that are not there yet, in a folder that goes away with the tests. */
export function useFiles(): { readonly next: () => string; readonly folder: () => string } {
  let place: TemporaryDirectory | undefined;
  let files = 0;
  beforeAll(async () => {
    place = await temporaryDirectory();
  });
  afterAll(() => place?.remove());
  const folder = () => place?.path ?? '';
  return {
    folder,
    next: () => {
      files += 1;
      return join(folder(), `${files}.execgo`);
    },
  };
}
