import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { bundleScript, temporaryDirectory } from '@execgo/testkit';
import { expect, it, onTestFinished } from 'vitest';
import type { ExecGoClient } from '../src/index.js';
import { take } from './support/quick.js';
import { startServer } from './support/test-server.js';

/** What the client may find in a browser, and in every other place that has the web's interfaces; no `process`, no `Buffer`. */
const WEB = {
  AbortController,
  atob,
  clearTimeout,
  crypto,
  fetch,
  Headers,
  performance,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
};

it('the bundle imports nothing, and works with what a browser has', async () => {
  const directory = await temporaryDirectory();
  onTestFinished(directory.remove);
  const script = await bundleScript(new URL('../src/index.ts', import.meta.url), directory.path);
  const text = readFileSync(script, 'utf8');
  expect(text).not.toMatch(/^\s*import\b|\brequire\(|\bimport\(/m);

  const context = createContext({ ...WEB });
  runInContext(text.replace(/^export \{/m, 'var exported = {'), context);
  const { createClient } = runInContext('exported', context) as {
    createClient: (options: object) => ExecGoClient;
  };
  const server = await startServer();
  const client = createClient({ url: server.url });
  await client.submit({ tasks: [{ id: 'a', type: 'os' }] });
  expect((await client.wait('a')).status).toBe('success');
  expect((await take(client.watch({ after: 0 }), 4)).map(({ type }) => type)).toEqual([
    'graph_submitted',
    'task_submitted',
    'task_started',
    'task_succeeded',
  ]);
  expect(Array.from((await client.readOutput('a', 'stdout')).bytes)).toEqual([]);
});
