import { expect, it } from 'vitest';
import * as archive from '../src/index.js';

it('exports what it says, and nothing else', () => {
  expect(Object.keys(archive).sort()).toEqual(['Archive', 'copyStore', 'createArchive', 'createMaintenance']);
});
