import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { finished, post } from './support/http-client.js';
import { launchReady, testFolder } from './support/server-process.js';

const ROOT = resolve(import.meta.dirname, '..');

it('the executor that docs/drivers.md shows works as it stands', async () => {
  const doc = readFileSync(join(ROOT, 'docs/drivers.md'), 'utf8');
  const [manifest, source] = ['json', 'js'].map((language) => doc.match(`\`\`\`${language}\n([^]*?)\`\`\``)?.[1] ?? '');
  const folder = testFolder();
  const target = join(folder, 'node_modules', 'execgo-greeter');
  mkdirSync(target, { recursive: true });
  mkdirSync(join(folder, 'node_modules', '@execgo'));
  symlinkSync(join(ROOT, 'packages/core'), join(folder, 'node_modules', '@execgo', 'core'));
  writeFileSync(join(target, 'package.json'), manifest as string);
  writeFileSync(join(target, 'index.js'), source as string);

  const { url } = await launchReady({ folder, env: { EXECGO_EXECUTOR: 'execgo-greeter' } });
  const greet = { type: 'greeter', tool_name: 'greet' };
  expect(await post(`${url}/tasks`, { tasks: [{ id: 'bad', ...greet }] })).toMatchObject({
    status: 400,
    body: { error: 'input.name: expected a string' },
  });
  await post(`${url}/tasks`, { tasks: [{ id: 'good', ...greet, input: { name: 'world' } }] });
  expect(await finished(url, 'good')).toMatchObject({
    status: 'success',
    result: { greeting: 'hello world', attempt: 1 },
  });
});
