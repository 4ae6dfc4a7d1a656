import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bundleScript, type TemporaryDirectory, temporaryDirectory } from '../src/index.js';

const CHILD = `import 'left-out';
import '@left/out/part';
import { inside } from './inside.js';
console.log(inside);
`;
let place: TemporaryDirectory;

beforeEach(async () => {
  place = await temporaryDirectory();
  await writeFile(join(place.path, 'child.ts'), CHILD);
  await writeFile(join(place.path, 'inside.ts'), "export const inside: string = 'what was bundled';\n");
});
afterEach(() => place.remove());

it('everything is in one script but the packages that are to be left out, and what lies in them', async () => {
  const source = pathToFileURL(join(place.path, 'child.ts'));
  const script = await bundleScript(source, join(place.path, 'out'), ['left-out', '@left/out']);
  const text = await readFile(script, 'utf8');
  expect([...text.matchAll(/^import .*?["'](.*)["']/gm)].map((match) => match[1])).toEqual([
    'left-out',
    '@left/out/part',
  ]);
  expect(text).toContain('what was bundled');
});

it('a package that is not left out and cannot be found is an error', async () => {
  const source = pathToFileURL(join(place.path, 'child.ts'));
  await expect(bundleScript(source, join(place.path, 'out'), ['left-out'])).rejects.toThrow('@left/out/part');
});
