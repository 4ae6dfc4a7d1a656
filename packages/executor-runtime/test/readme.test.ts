import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

it('the example in the README is the one that runs here', async () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(read('../README.md'))?.[1];
  expect(shown).toBe(read('./readme-example.ts'));
  const { runtime } = await import('./readme-example.js');
  expect(runtime.category).toBe('runtime');
});
