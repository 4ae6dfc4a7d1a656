import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { settingsTable } from '../src/settings/settings-help.js';

const MARKS = /(?<=<!-- settings -->\n\n)[\s\S]*?(?=\n\n<!-- \/settings -->)/;

it('the README shows the table of settings as it is declared (vitest -u writes it)', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toMatch(MARKS);
  await expect(readme.replace(MARKS, () => settingsTable())).toMatchFileSnapshot('../README.md');
});
