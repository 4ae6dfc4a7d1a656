import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as api from '../src/index.js';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

it('the example in the README is the one that runs here', async () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(read('../README.md'))?.[1];
  expect(shown).toBe(read('./readme-example.ts'));
  await import('./readme-example.js');
});

it('the README tells every limit', () => {
  for (const name of Object.keys(api.DEFAULT_GRPC_LIMITS)) expect(read('../README.md')).toContain(`\`${name}\``);
});

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_GRPC_ADDRESS",
      "DEFAULT_GRPC_LIMITS",
      "GRPC_STATUS_OF",
      "serveGrpc",
    ]
  `);
});
