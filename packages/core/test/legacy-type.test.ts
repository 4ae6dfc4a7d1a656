import { expect, it } from 'vitest';
import { normaliseType } from '../src/index.js';

it.each(['shell', 'file', 'dns', 'tcp', 'sleep', 'noop', 'http'])(
  'legacy type %s becomes os with that tool',
  (type) => {
    expect(normaliseType(type)).toEqual({ type: 'os', tool_name: type, execution_category: 'os' });
  },
);

it.each(['os', 'mcp', 'cli-skills', 'runtime', '', 'Shell', '__proto__'])('%j needs no translation', (type) => {
  expect(normaliseType(type)).toBeUndefined();
});
