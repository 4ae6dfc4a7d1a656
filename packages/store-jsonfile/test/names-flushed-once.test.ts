import { expect, it } from 'vitest';
import { namesFlushedOnce } from '../src/names-flushed-once.js';
import { SimulatedDisk } from './simulated-disk.js';

it('after a flush of the directory that failed there is none, also none that was asked for before', async () => {
  const disk = new SimulatedDisk();
  disk.fault = { at: 2, kind: 'EIO', effect: 'none' };
  const names = namesFlushedOnce(disk);
  const flushes = [1, 2, 3].map(() => names.syncDirectory('data'));
  await expect(flushes[0]).resolves.toBeUndefined();
  for (const flush of [...flushes.slice(1), names.syncDirectory('data')]) {
    await expect(flush).rejects.toMatchObject({ code: 'EIO' });
  }
  expect(disk.calls).toEqual(['sync directory', 'sync directory']);
});
