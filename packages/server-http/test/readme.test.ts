import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as exported from '../src/index.js';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

it('the example in the README is the one that runs here', async () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(read('../README.md'))?.[1];
  expect(shown).toBe(read('./readme-example.ts'));
  await import('./readme-example.js');
});

it('the package exports this and nothing else', () => {
  expect(Object.keys(exported).sort()).toEqual([
    'DEFAULT_LIMITS',
    'DEFAULT_SERVE_OPTIONS',
    'STATUS_OF',
    'createApp',
    'describeApi',
    'serve',
  ]);
});
