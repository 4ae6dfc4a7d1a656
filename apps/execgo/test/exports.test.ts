import { expect, it } from 'vitest';
import * as execgo from '../src/index.js';

it('exports this and nothing else', () => {
  expect(Object.keys(execgo).sort()).toEqual([
    'SettingsError',
    'VERSION',
    'createServerLog',
    'resolveSettings',
    'startServer',
  ]);
});
