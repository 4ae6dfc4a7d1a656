import { expect, it } from 'vitest';
import { useFiles } from './archive-place.js';
import { copyMany } from './many-tasks.js';

const files = useFiles();

it('20,000 tasks are copied and compared in a stream (1,000,000 in the long proof, which watches memory and event loop)', async () => {
  const { copied } = await copyMany(20_000, files.next());
  expect(copied).toMatchObject({ tasks: 20_000, events: 0, lastSeq: 60_000 });
});
