import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as api from '../src/index.js';

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

it('what the package exports', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_RETRY",
      "DEFAULT_URL",
      "ExecGoClientError",
      "ExecGoHttpError",
      "ExecGoOptionError",
      "ExecGoUnreachableError",
      "createClient",
    ]
  `);
});

it('the example in the README is the one that runs here', async () => {
  const shown = /```ts\n([\s\S]*?)```/.exec(read('../README.md'))?.[1];
  expect(shown).toBe(read('./readme-example.ts'));
  await import('./readme-example.js');
});
